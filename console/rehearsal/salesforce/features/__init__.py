"""What some orgs have switched on: currencies, lists of states and countries, person accounts, encryption."""
