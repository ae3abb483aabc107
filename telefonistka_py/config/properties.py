"""The names that Go takes in `\\p{…}`: general categories with their long names, and scripts.

They are those of Unicode's PropertyValueAliases.txt (https://www.unicode.org/reports/tr44/), as far as Go has a table.
Case, spaces, underscores and hyphens don't matter, as in Go since 1.25.
"""

from functools import lru_cache

import regex

from telefonistka_py.config.characters import LAST, Ranges

_CATEGORIES = """
C=Other Cc=Control,cntrl Cf=Format Cn=Unassigned Co=Private_Use Cs=Surrogate
L=Letter LC=Cased_Letter Ll=Lowercase_Letter Lm=Modifier_Letter Lo=Other_Letter Lt=Titlecase_Letter Lu=Uppercase_Letter
M=Mark,Combining_Mark Mc=Spacing_Mark Me=Enclosing_Mark Mn=Nonspacing_Mark
N=Number Nd=Decimal_Number,digit Nl=Letter_Number No=Other_Number
P=Punctuation,punct Pc=Connector_Punctuation Pd=Dash_Punctuation Pe=Close_Punctuation Pf=Final_Punctuation
Pi=Initial_Punctuation Po=Other_Punctuation Ps=Open_Punctuation
S=Symbol Sc=Currency_Symbol Sk=Modifier_Symbol Sm=Math_Symbol So=Other_Symbol
Z=Separator Zl=Line_Separator Zp=Paragraph_Separator Zs=Space_Separator
"""

_SCRIPTS = """
Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo
Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common
Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs
Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul
Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian
Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha
Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi
Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar
Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian
Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage
Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra
Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog
Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic
Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
"""


def spelled(name: str) -> str | None:
    """`regex`'s name for Go's: `Greek` → `Script=Greek`, `Lu` → `gc=Lu`. None when Go has no such name."""
    return _known().get(_bare(name))


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    known = {_bare(script): f"Script={script}" for script in _SCRIPTS.split()}
    for entry in _CATEGORIES.split():
        short, _, aliases = entry.partition("=")
        known |= {_bare(name): f"gc={short}" for name in (short, *aliases.split(","))}
    return known


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


@lru_cache(maxsize=256)
def ranges(spelling: str) -> Ranges:
    """All the characters with that property; `spelling` is one that `spelled` gave."""
    found = regex.finditer(rf"\p{{{spelling}}}+", _everything(), regex.V0)
    return tuple((match.start(), match.end() - 1) for match in found)


@lru_cache(maxsize=1)
def _everything() -> str:
    return "".join(map(chr, range(LAST + 1)))
