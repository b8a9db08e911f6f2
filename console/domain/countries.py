"""Countries by code and by name, so that ``DE``, ``DEU`` and ``Germany`` are one country.

Alguna's reference writes ``USA`` in an address and ``DE`` in a tax country; Salesforce holds whatever was typed, or
the names of its country picklist. Codes and names are those of ISO 3166-1
(https://www.iso.org/iso-3166-country-codes.html), names in their short English form, with other common spellings.
States and provinces are those of the three countries whose postal services use abbreviations of them.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

_COUNTRIES: Final = """
AF AFG Afghanistan
AX ALA Aland Islands
AL ALB Albania
DZ DZA Algeria
AS ASM American Samoa
AD AND Andorra
AO AGO Angola
AI AIA Anguilla
AQ ATA Antarctica
AG ATG Antigua and Barbuda
AR ARG Argentina
AM ARM Armenia
AW ABW Aruba
AU AUS Australia
AT AUT Austria = Österreich
AZ AZE Azerbaijan
BS BHS Bahamas = The Bahamas
BH BHR Bahrain
BD BGD Bangladesh
BB BRB Barbados
BY BLR Belarus
BE BEL Belgium = Belgique = België
BZ BLZ Belize
BJ BEN Benin
BM BMU Bermuda
BT BTN Bhutan
BO BOL Bolivia = Bolivia, Plurinational State of
BQ BES Bonaire, Sint Eustatius and Saba = Caribbean Netherlands
BA BIH Bosnia and Herzegovina = Bosnia
BW BWA Botswana
BV BVT Bouvet Island
BR BRA Brazil = Brasil
IO IOT British Indian Ocean Territory
BN BRN Brunei Darussalam = Brunei
BG BGR Bulgaria
BF BFA Burkina Faso
BI BDI Burundi
CV CPV Cabo Verde = Cape Verde
KH KHM Cambodia
CM CMR Cameroon
CA CAN Canada
KY CYM Cayman Islands
CF CAF Central African Republic
TD TCD Chad
CL CHL Chile
CN CHN China = People's Republic of China = PRC
CX CXR Christmas Island
CC CCK Cocos (Keeling) Islands = Cocos Islands
CO COL Colombia
KM COM Comoros
CG COG Congo = Republic of the Congo = Congo-Brazzaville
CD COD Congo, Democratic Republic of the = Democratic Republic of the Congo = Congo, The Democratic Republic of the = DR Congo = DRC
CK COK Cook Islands
CR CRI Costa Rica
CI CIV Côte d'Ivoire = Ivory Coast
HR HRV Croatia = Hrvatska
CU CUB Cuba
CW CUW Curaçao
CY CYP Cyprus
CZ CZE Czechia = Czech Republic
DK DNK Denmark = Danmark
DJ DJI Djibouti
DM DMA Dominica
DO DOM Dominican Republic
EC ECU Ecuador
EG EGY Egypt
SV SLV El Salvador
GQ GNQ Equatorial Guinea
ER ERI Eritrea
EE EST Estonia = Eesti
SZ SWZ Eswatini = Swaziland
ET ETH Ethiopia
FK FLK Falkland Islands (Malvinas) = Falkland Islands
FO FRO Faroe Islands
FJ FJI Fiji
FI FIN Finland = Suomi
FR FRA France
GF GUF French Guiana
PF PYF French Polynesia
TF ATF French Southern Territories
GA GAB Gabon
GM GMB Gambia = The Gambia
GE GEO Georgia
DE DEU Germany = Deutschland = Federal Republic of Germany
GH GHA Ghana
GI GIB Gibraltar
GR GRC Greece = Hellas
GL GRL Greenland
GD GRD Grenada
GP GLP Guadeloupe
GU GUM Guam
GT GTM Guatemala
GG GGY Guernsey
GN GIN Guinea
GW GNB Guinea-Bissau
GY GUY Guyana
HT HTI Haiti
HM HMD Heard Island and McDonald Islands
VA VAT Holy See = Vatican City = Holy See (Vatican City State)
HN HND Honduras
HK HKG Hong Kong = Hong Kong SAR = Hong Kong SAR China
HU HUN Hungary = Magyarország
IS ISL Iceland
IN IND India
ID IDN Indonesia
IR IRN Iran = Iran, Islamic Republic of = Islamic Republic of Iran
IQ IRQ Iraq
IE IRL Ireland = Republic of Ireland = Eire
IM IMN Isle of Man
IL ISR Israel
IT ITA Italy = Italia
JM JAM Jamaica
JP JPN Japan
JE JEY Jersey
JO JOR Jordan
KZ KAZ Kazakhstan
KE KEN Kenya
KI KIR Kiribati
KP PRK North Korea = Korea, Democratic People's Republic of = Democratic People's Republic of Korea = DPRK
KR KOR South Korea = Korea, Republic of = Republic of Korea = Korea
KW KWT Kuwait
KG KGZ Kyrgyzstan
LA LAO Laos = Lao People's Democratic Republic
LV LVA Latvia = Latvija
LB LBN Lebanon
LS LSO Lesotho
LR LBR Liberia
LY LBY Libya
LI LIE Liechtenstein
LT LTU Lithuania = Lietuva
LU LUX Luxembourg
MO MAC Macao = Macau
MG MDG Madagascar
MW MWI Malawi
MY MYS Malaysia
MV MDV Maldives
ML MLI Mali
MT MLT Malta
MH MHL Marshall Islands
MQ MTQ Martinique
MR MRT Mauritania
MU MUS Mauritius
YT MYT Mayotte
MX MEX Mexico = México
FM FSM Micronesia = Micronesia, Federated States of
MD MDA Moldova = Moldova, Republic of = Republic of Moldova
MC MCO Monaco
MN MNG Mongolia
ME MNE Montenegro
MS MSR Montserrat
MA MAR Morocco
MZ MOZ Mozambique
MM MMR Myanmar = Burma
NA NAM Namibia
NR NRU Nauru
NP NPL Nepal
NL NLD Netherlands = The Netherlands = Nederland = Holland = Netherlands, Kingdom of the
NC NCL New Caledonia
NZ NZL New Zealand
NI NIC Nicaragua
NE NER Niger
NG NGA Nigeria
NU NIU Niue
NF NFK Norfolk Island
MK MKD North Macedonia = Macedonia
MP MNP Northern Mariana Islands
NO NOR Norway = Norge
OM OMN Oman
PK PAK Pakistan
PW PLW Palau
PS PSE Palestine, State of = Palestine = State of Palestine
PA PAN Panama
PG PNG Papua New Guinea
PY PRY Paraguay
PE PER Peru = Perú
PH PHL Philippines = The Philippines
PN PCN Pitcairn = Pitcairn Islands
PL POL Poland = Polska
PT PRT Portugal
PR PRI Puerto Rico
QA QAT Qatar
RE REU Réunion
RO ROU Romania = România
RU RUS Russia = Russian Federation
RW RWA Rwanda
BL BLM Saint Barthélemy
SH SHN Saint Helena, Ascension and Tristan da Cunha = Saint Helena
KN KNA Saint Kitts and Nevis
LC LCA Saint Lucia
MF MAF Saint Martin (French part) = Saint Martin
PM SPM Saint Pierre and Miquelon
VC VCT Saint Vincent and the Grenadines
WS WSM Samoa
SM SMR San Marino
ST STP Sao Tome and Principe
SA SAU Saudi Arabia = Kingdom of Saudi Arabia = KSA
SN SEN Senegal
RS SRB Serbia
SC SYC Seychelles
SL SLE Sierra Leone
SG SGP Singapore
SX SXM Sint Maarten (Dutch part) = Sint Maarten
SK SVK Slovakia = Slovak Republic
SI SVN Slovenia
SB SLB Solomon Islands
SO SOM Somalia
ZA ZAF South Africa
GS SGS South Georgia and the South Sandwich Islands
SS SSD South Sudan
ES ESP Spain = España
LK LKA Sri Lanka
SD SDN Sudan
SR SUR Suriname
SJ SJM Svalbard and Jan Mayen
SE SWE Sweden = Sverige
CH CHE Switzerland = Schweiz = Suisse = Svizzera
SY SYR Syria = Syrian Arab Republic
TW TWN Taiwan = Taiwan, Province of China
TJ TJK Tajikistan
TZ TZA Tanzania = Tanzania, United Republic of = United Republic of Tanzania
TH THA Thailand
TL TLS Timor-Leste = East Timor
TG TGO Togo
TK TKL Tokelau
TO TON Tonga
TT TTO Trinidad and Tobago
TN TUN Tunisia
TR TUR Türkiye = Turkey
TM TKM Turkmenistan
TC TCA Turks and Caicos Islands
TV TUV Tuvalu
UG UGA Uganda
UA UKR Ukraine
AE ARE United Arab Emirates = UAE
GB GBR United Kingdom = UK = Great Britain = Britain = United Kingdom of Great Britain and Northern Ireland
US USA United States = United States of America = America
UM UMI United States Minor Outlying Islands
UY URY Uruguay
UZ UZB Uzbekistan
VU VUT Vanuatu
VE VEN Venezuela = Venezuela, Bolivarian Republic of
VN VNM Vietnam = Viet Nam
VG VGB Virgin Islands, British = British Virgin Islands = Virgin Islands (British)
VI VIR Virgin Islands, U.S. = US Virgin Islands = Virgin Islands (U.S.)
WF WLF Wallis and Futuna
EH ESH Western Sahara
YE YEM Yemen
ZM ZMB Zambia
ZW ZWE Zimbabwe
"""

_REGIONS: Final = """
AL Alabama
AK Alaska
AZ Arizona
AR Arkansas
CA California
CO Colorado
CT Connecticut
DE Delaware
DC District of Columbia
FL Florida
GA Georgia
HI Hawaii
ID Idaho
IL Illinois
IN Indiana
IA Iowa
KS Kansas
KY Kentucky
LA Louisiana
ME Maine
MD Maryland
MA Massachusetts
MI Michigan
MN Minnesota
MS Mississippi
MO Missouri
MT Montana
NE Nebraska
NV Nevada
NH New Hampshire
NJ New Jersey
NM New Mexico
NY New York
NC North Carolina
ND North Dakota
OH Ohio
OK Oklahoma
OR Oregon
PA Pennsylvania
RI Rhode Island
SC South Carolina
SD South Dakota
TN Tennessee
TX Texas
UT Utah
VT Vermont
VA Virginia
WA Washington
WV West Virginia
WI Wisconsin
WY Wyoming
AB Alberta
BC British Columbia
MB Manitoba
NB New Brunswick
NL Newfoundland and Labrador
NS Nova Scotia
NT Northwest Territories
NU Nunavut
ON Ontario
PE Prince Edward Island
QC Quebec
SK Saskatchewan
YT Yukon
ACT Australian Capital Territory
NSW New South Wales
QLD Queensland
SA South Australia
TAS Tasmania
VIC Victoria
WA Western Australia
"""


def same_country(one: str, other: str) -> bool:
    """Whether two spellings name one country: codes of either length, names, common other names. Unknown words only equal
    themselves, without regard to case, accents and punctuation."""
    a, b = _fold(one), _fold(other)
    return a == b or _CODE.get(a, a) == _CODE.get(b, b)


def country_code(text: str) -> str | None:
    """The two-letter ISO code of a country given by code or name, or None when it isn't known."""
    return _CODE.get(_fold(text))


def same_region(one: str, other: str) -> bool:
    """Whether two spellings name one state or province: ``CA`` is ``California``, but ``WA`` is not ``CA``."""
    a, b = _fold(one), _fold(other)
    return a == b or b in _REGION_NAMES.get(a, ()) or a in _REGION_NAMES.get(b, ())


@lru_cache(maxsize=4096)
def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", " and ").replace("-", " "))
    letters = "".join(sign for sign in decomposed if sign.isalnum() or sign.isspace())
    return " ".join(letters.split())


def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for line in _COUNTRIES.strip().splitlines():
        alpha2, alpha3, names = line.split(" ", 2)
        for spelling in (alpha2, alpha3, *names.split(" = ")):
            codes[_fold(spelling)] = alpha2
    return codes


def _regions() -> dict[str, set[str]]:
    regions: dict[str, set[str]] = {}
    for line in _REGIONS.strip().splitlines():
        abbreviation, name = line.split(" ", 1)
        regions.setdefault(_fold(abbreviation), set()).add(_fold(name))
    return regions


_CODE: Final = _codes()
_REGION_NAMES: Final = _regions()
