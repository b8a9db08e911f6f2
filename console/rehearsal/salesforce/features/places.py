"""Countries and states as an org with state and country picklists has them when they are first switched on.

Names and codes: https://help.salesforce.com/s/articleView?id=platform.admin_state_country_picklist_standard_countries.htm;
states are given here for Australia, Canada, Ireland and the United States only.
"""

from __future__ import annotations

_COUNTRIES = (
    "AD Andorra;AE United Arab Emirates;AF Afghanistan;AG Antigua and Barbuda;AI Anguilla;AL Albania;AM Armenia;AO Angola;"
    "AQ Antarctica;AR Argentina;AT Austria;AU Australia;AW Aruba;AX Aland Islands;AZ Azerbaijan;BA Bosnia and Herzegovina;"
    "BB Barbados;BD Bangladesh;BE Belgium;BF Burkina Faso;BG Bulgaria;BH Bahrain;BI Burundi;BJ Benin;BL Saint Barthélemy;"
    "BM Bermuda;BN Brunei Darussalam;BO Bolivia, Plurinational State of;BQ Bonaire, Sint Eustatius and Saba;BR Brazil;"
    "BS Bahamas;BT Bhutan;BV Bouvet Island;BW Botswana;BY Belarus;BZ Belize;CA Canada;CC Cocos (Keeling) Islands;"
    "CD Congo, the Democratic Republic of the;CF Central African Republic;CG Congo;CH Switzerland;CI Cote d'Ivoire;"
    "CK Cook Islands;CL Chile;CM Cameroon;CN China;CO Colombia;CR Costa Rica;CU Cuba;CV Cape Verde;CW Curaçao;"
    "CX Christmas Island;CY Cyprus;CZ Czech Republic;DE Germany;DJ Djibouti;DK Denmark;DM Dominica;DO Dominican Republic;"
    "DZ Algeria;EC Ecuador;EE Estonia;EG Egypt;EH Western Sahara;ER Eritrea;ES Spain;ET Ethiopia;FI Finland;FJ Fiji;"
    "FK Falkland Islands (Malvinas);FO Faroe Islands;FR France;GA Gabon;GB United Kingdom;GD Grenada;GE Georgia;"
    "GF French Guiana;GG Guernsey;GH Ghana;GI Gibraltar;GL Greenland;GM Gambia;GN Guinea;GP Guadeloupe;"
    "GQ Equatorial Guinea;GR Greece;GS South Georgia and the South Sandwich Islands;GT Guatemala;GW Guinea-Bissau;GY Guyana;"
    "HM Heard Island and McDonald Islands;HN Honduras;HR Croatia;HT Haiti;HU Hungary;ID Indonesia;IE Ireland;IL Israel;"
    "IM Isle of Man;IN India;IO British Indian Ocean Territory;IQ Iraq;IR Iran, Islamic Republic of;IS Iceland;IT Italy;"
    "JE Jersey;JM Jamaica;JO Jordan;JP Japan;KE Kenya;KG Kyrgyzstan;KH Cambodia;KI Kiribati;KM Comoros;"
    "KN Saint Kitts and Nevis;KP Korea, Democratic People's Republic of;KR Korea, Republic of;KW Kuwait;KY Cayman Islands;"
    "KZ Kazakhstan;LA Lao People's Democratic Republic;LB Lebanon;LC Saint Lucia;LI Liechtenstein;LK Sri Lanka;LR Liberia;"
    "LS Lesotho;LT Lithuania;LU Luxembourg;LV Latvia;LY Libya;MA Morocco;MC Monaco;MD Moldova, Republic of;ME Montenegro;"
    "MF Saint Martin (French part);MG Madagascar;MK North Macedonia;ML Mali;MM Myanmar;MN Mongolia;MO Macao;MQ Martinique;"
    "MR Mauritania;MS Montserrat;MT Malta;MU Mauritius;MV Maldives;MW Malawi;MX Mexico;MY Malaysia;MZ Mozambique;NA Namibia;"
    "NC New Caledonia;NE Niger;NF Norfolk Island;NG Nigeria;NI Nicaragua;NL Netherlands;NO Norway;NP Nepal;NR Nauru;NU Niue;"
    "NZ New Zealand;OM Oman;PA Panama;PE Peru;PF French Polynesia;PG Papua New Guinea;PH Philippines;PK Pakistan;PL Poland;"
    "PM Saint Pierre and Miquelon;PN Pitcairn;PS Palestine;PT Portugal;PY Paraguay;QA Qatar;RE Reunion;RO Romania;RS Serbia;"
    "RU Russian Federation;RW Rwanda;SA Saudi Arabia;SB Solomon Islands;SC Seychelles;SD Sudan;SE Sweden;SG Singapore;"
    "SH Saint Helena, Ascension and Tristan da Cunha;SI Slovenia;SJ Svalbard and Jan Mayen;SK Slovakia;SL Sierra Leone;"
    "SM San Marino;SN Senegal;SO Somalia;SR Suriname;SS South Sudan;ST Sao Tome and Principe;SV El Salvador;"
    "SX Sint Maarten (Dutch part);SY Syrian Arab Republic;SZ Eswatini;TC Turks and Caicos Islands;TD Chad;"
    "TF French Southern Territories;TG Togo;TH Thailand;TJ Tajikistan;TK Tokelau;TL Timor-Leste;TM Turkmenistan;TN Tunisia;"
    "TO Tonga;TR Türkiye;TT Trinidad and Tobago;TV Tuvalu;TW Taiwan;TZ Tanzania, United Republic of;UA Ukraine;UG Uganda;"
    "US United States;UY Uruguay;UZ Uzbekistan;VA Holy See (Vatican City State);VC Saint Vincent and the Grenadines;"
    "VE Venezuela, Bolivarian Republic of;VG Virgin Islands, British;VN Vietnam;VU Vanuatu;WF Wallis and Futuna;WS Samoa;"
    "YE Yemen;YT Mayotte;ZA South Africa;ZM Zambia;ZW Zimbabwe"
)
_STATES = {
    "AU": "ACT Australian Capital Territory;NSW New South Wales;NT Northern Territory;QLD Queensland;SA South Australia;"
    "TAS Tasmania;VIC Victoria;WA Western Australia",
    "CA": "AB Alberta;BC British Columbia;MB Manitoba;NB New Brunswick;NL Newfoundland and Labrador;NT Northwest Territories;"
    "NS Nova Scotia;NU Nunavut;ON Ontario;PE Prince Edward Island;QC Quebec;SK Saskatchewan;YT Yukon Territories",
    "IE": "CW Carlow;CN Cavan;CE Clare;CO Cork;DL Donegal;D Dublin;G Galway;KY Kerry;KE Kildare;KK Kilkenny;LS Laois;"
    "LM Leitrim;LK Limerick;LD Longford;LH Louth;MO Mayo;MH Meath;MN Monaghan;OY Offaly;RN Roscommon;SO Sligo;TA Tipperary;"
    "WD Waterford;WH Westmeath;WX Wexford;WW Wicklow",
    "US": "AL Alabama;AK Alaska;AZ Arizona;AR Arkansas;CA California;CO Colorado;CT Connecticut;DE Delaware;"
    "DC District of Columbia;FL Florida;GA Georgia;HI Hawaii;ID Idaho;IL Illinois;IN Indiana;IA Iowa;KS Kansas;KY Kentucky;"
    "LA Louisiana;ME Maine;MD Maryland;MA Massachusetts;MI Michigan;MN Minnesota;MS Mississippi;MO Missouri;MT Montana;"
    "NE Nebraska;NV Nevada;NH New Hampshire;NJ New Jersey;NM New Mexico;NY New York;NC North Carolina;ND North Dakota;OH Ohio;"
    "OK Oklahoma;OR Oregon;PA Pennsylvania;RI Rhode Island;SC South Carolina;SD South Dakota;TN Tennessee;TX Texas;UT Utah;"
    "VT Vermont;VA Virginia;WA Washington;WV West Virginia;WI Wisconsin;WY Wyoming",
}


def _named(text: str) -> dict[str, str]:
    return {code: name for code, _, name in (each.partition(" ") for each in text.split(";"))}


COUNTRIES = _named(_COUNTRIES)
"""Name by two-letter code."""
STATES = {country: _named(text) for country, text in _STATES.items()}
"""Name by code, by country code."""
