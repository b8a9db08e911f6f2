"""The wizard's steps, each a part of its screen: what it asks, and how it takes the answer."""
