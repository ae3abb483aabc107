"""Go's meaning of an expression, as its documentation and the tests of its `regexp` and `regexp/syntax` have it."""

import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from telefonistka_py.config import characters, dialect, group_names, properties, replacement
from telefonistka_py.config.dialect import Unsupported

# Expression, text, and what Go finds in it first; None for nothing.
FOUND: list[tuple[str, str, str | None]] = [
    # Plain text, and what must not become an operator of `regex`
    ("", "abc", ""),
    ("prod/", "nonprod/", "prod/"),
    ("{", "{", "{"),
    ("a{e<=1}", "a{e<=1}", "a{e<=1}"),
    ("a{,2}", "aa", None),
    ("a{,2}", "a{,2}", "a{,2}"),
    ("a{01}", "a{01}", "a{01}"),
    ("a{ 1}", "a{ 1}", "a{ 1}"),
    ("x{2,1", "x{2,1", "x{2,1"),
    ("}", "}", "}"),
    ("]", "]", "]"),
    ("a b#c", "a b#c", "a b#c"),
    ("größe", "größe", "größe"),
    # The end and the beginning
    ("a$", "a\n", None),
    ("a$", "a", "a"),
    (r"a\z", "a\n", None),
    (r"a\z", "a", "a"),
    ("(?m)a$", "a\nb", "a"),
    ("(?m)a$", "a\r\nb", None),
    ("(?m)^b", "a\nb", "b"),
    ("^b", "a\nb", None),
    (r"(?m)\Ab", "a\nb", None),
    (r"(?m)a\z", "a\nb", None),
    ("(?-m)^b", "a\nb", None),
    ("(?m:^a$).b", "a\nb", None),
    ("(?ms:^a$).b", "a\nb", None),
    ("(?ms:^a$.b)", "a\nb", "a\nb"),
    (r"a\b", "aé", "a"),
    (r"\bé", "é", None),
    (r"\B", "", ""),
    (r"é\Bé", "éé", "éé"),
    (r"a\B", "a", None),
    # The dot
    (".", "\n", None),
    (".", "\r", "\r"),
    ("(?s).", "\n", "\n"),
    ("(?s-s).", "\n", None),
    ("[^a]", "\n", "\n"),
    # Classes: ASCII only
    (r"\d", "٣", None),
    (r"\D", "٣", "٣"),
    (r"\w+", "aé", "a"),
    (r"\W", "é", "é"),
    (r"\s", "\v", None),
    (r"\s", "\f", "\f"),
    (r"\s", "\u00a0", None),
    ("[[:space:]]", "\v", "\v"),
    ("[[:alpha:]]+", "äb1", "b"),
    ("[[:^alpha:]]", "aé", "é"),
    ("[^[:^alpha:]]", "éa", "a"),
    ("[[:word:]]+", "é_9", "_9"),
    ("[[:punct:]]+", "a+-é", "+-"),
    ("[[:xdigit:]]+", "gFf0", "Ff0"),
    ("[[:upper:][:digit:]]+", "aB1c", "B1"),
    # Classes: how they are read
    ("[]a]+", "b]a", "]a"),
    ("[^]a]", "]ab", "b"),
    ("[a-]+", "-a", "-a"),
    ("[-a]+", "-a", "-a"),
    ("[a-b-c]+", "-abc", "-abc"),
    (r"[\d-z]+", "y-1z", "-1z"),
    ("[--/]+", ",-./", "-./"),
    ("[[a]+", "[a", "[a"),
    ("[[:a]+", "[:a", "[:a"),
    ("[a&&b]+", "&b", "&b"),
    ("[a-c--b]+", "-b", "-b"),
    ("[a||b]+", "|a", "|a"),
    ("[a~~b]+", "~", "~"),
    ("[a[b]]", "a]", "a]"),
    (r"[\-\]\\\^]+", r"\-]^", r"\-]^"),
    ("[α-ε☺]+", "aγ☺", "γ☺"),
    (r"[^\x00-\x{10FFFF}]", "a", None),
    (r"(?:a|[^\x00-\x{10FFFF}]*)b", "b", "b"),
    (r"[\x00-\x{10FFFF}]+", "a\né", "a\né"),
    # What `regex` itself gets wrong
    ("[^a]|[^b]", "a", "a"),
    ("[^#]|[^\\n]", "\n", "\n"),
    (r"[^\p{Greek}\P{Greek}]", "α", None),
    # Unicode classes
    (r"\pN", "٣", "٣"),
    (r"\p{Greek}+", "aαβ", "αβ"),
    (r"\P{Greek}", "αa", "a"),
    (r"\p{^Greek}", "αa", "a"),
    (r"\P{^Greek}", "aα", "α"),
    (r"[\p{Greek}x]+", "axα", "xα"),
    (r"[^\p{Greek}x]", "xαa", "a"),
    (r"[^\P{Greek}]", "aα", "α"),
    (r"\p{Lu}", "aÄ", "Ä"),
    (r"\p{Any}", "\n", "\n"),
    (r"\p{^Any}*", "a", ""),
    # Flags
    ("(?i)prod/", "PROD/", "PROD/"),
    ("(?i:p)rod", "Prod", "Prod"),
    ("(?i:p)rod", "PRod", None),
    ("p(?i)rod", "pROD", "pROD"),
    ("p(?i)rod", "PROD", None),
    ("(a(?i)b)c", "aBC", None),
    ("a(?i)b|c", "C", "C"),
    ("(?i)a(?-i)b", "AB", None),
    ("(?i)a(?-i:b)c", "AbC", "AbC"),
    ("(?i)[a-c]+", "ABC", "ABC"),
    ("(?i)[^a]", "Ab", "b"),
    ("(?)a", "a", "a"),
    ("(?U)a+", "aaa", "a"),
    ("(?U)a+?", "aaa", "aaa"),
    ("(?U)a{1,2}", "aa", "a"),
    ("(?U:a+)a+", "aaa", "aaa"),
    ("(?i-s:A.)", "a\n", None),
    # Case: simple folding, so what is one letter stays one
    ("(?i)k", "\u212a", "\u212a"),
    ("(?i)\u212a", "k", "k"),
    ("(?i)s", "ſ", "ſ"),
    ("(?i)[a-z]", "ſ", "ſ"),
    (r"(?i)\w", "ſ", "ſ"),
    (r"(?i)\W", "\u212a", None),
    (r"\w", "ſ", None),
    ("(?i)[[:^lower:]]", "ſ", None),
    ("(?i)σ", "ς", "ς"),
    ("(?i)ß", "ẞ", "ẞ"),
    ("(?i)ß", "ss", None),
    ("(?i)i", "İ", None),
    ("(?i)i", "ı", None),
    ("(?i)İ", "İ", "İ"),
    (r"(?i)\p{Lu}", "a", "a"),
    (r"(?i)\P{Lu}", "a", None),
    (r"(?i)[^\p{Lu}]", "a1", "1"),
    (r"(?i)\QaB\E", "Ab", "Ab"),
    (r"(?i)\x61", "A", "A"),
    # Escapes
    (r"\141\x62\x{63}", "abc", "abc"),
    (r"\0", "\0", "\0"),
    (r"\08", "\x008", "\x008"),
    (r"\1234", "S4", "S4"),
    (r"\x{10FFFF}", "\U0010ffff", "\U0010ffff"),
    (r"\x{000041}", "A", "A"),
    (r"\a\f\t\n\r\v", "\a\f\t\n\r\v", "\a\f\t\n\r\v"),
    (r"[\a\f\t\n\r\v]+", "\a\f\t\n\r\v", "\a\f\t\n\r\v"),
    (r"\.\/\-\_\<\>\ \#\&\"\'\%", "./-_<> #&\"'%", "./-_<> #&\"'%"),
    (r"\.", "a", None),
    (r"\Q+|*?{[\E", "+|*?{[", "+|*?{["),
    (r"\Qa.b", "a.b", "a.b"),
    (r"\Qa.b", "axb", None),
    (r"\Qab\E+", "abb", "abb"),
    (r"a\Q\E*", "aa", "aa"),
    (r"\Q\\E", "\\", "\\"),
    # Repetitions and alternatives
    ("a||b", "b", ""),
    ("|x|", "x", ""),
    ("()", "a", ""),
    ("a|ab", "ab", "a"),
    ("(?:a|ab)(?:c|bcd)", "abcd", "abcd"),
    ("a+?", "aa", "a"),
    ("a??", "a", ""),
    ("a{2}", "aaa", "aa"),
    ("a{2,}", "aaa", "aaa"),
    ("a{0}b", "ab", "b"),
    ("a{2}?", "aaa", "aa"),
    ("a*{", "aa{", "aa{"),
    ("a(?i)*", "aaA", "aa"),
    ("a*(?i)*", "aa", "aa"),
    ("^*a", "a", "a"),
    (r"\b+a", "a", "a"),
    ("(?:a*)*", "aab", "aa"),
    ("(?:a*)+b", "aab", "aab"),
    ("((((((((((x{2}){2}){2}){2}){2}){2}){2}){2}){2}))", "x", None),
    ("(?:[a-z]{4}){0,250}", "abcdefghi", "abcdefgh"),
    # Groups
    ("(?P<env>dev|lab)/", "lab/", "lab/"),
    ("(?<env>dev|lab)/", "lab/", "lab/"),
    ("(?P<1st>a)(?P<x>b)(?P<x>c)", "abc", "abc"),
    # As people write them
    ("^workspace/[^/]*/.*", "workspace/a/b/c", "workspace/a/b/c"),
    (r"clusters/[a-z0-9-]+/(?:us|eu)-\d+/", "clusters/prod-1/eu-4/x", "clusters/prod-1/eu-4/"),
    (r"\.ya?ml$", "a/b.yml", ".yml"),
]


def go(expression: str) -> regex.Pattern[str]:
    return regex.compile(dialect.translate(expression), dialect.FLAGS)


def refused(expression: str) -> Unsupported | None:
    try:
        dialect.translate(expression)
    except Unsupported as refusal:
        return refusal
    return None


@pytest.mark.parametrize(("expression", "text", "found"), FOUND)
def test_an_expression_means_what_it_means_in_go(expression: str, text: str, found: str | None) -> None:
    match = go(expression).search(text)
    assert (match and match[0]) == found


@pytest.mark.parametrize(("expression", "text", "found"), FOUND)
def test_a_translation_keeps_its_meaning_inside_a_larger_expression(
    expression: str, text: str, found: str | None
) -> None:
    match = regex.compile(f"(?:(?:{dialect.translate(expression)})|never)(?:)", dialect.FLAGS).search(text)
    assert (match and match[0]) == found


HAVE_NOT = "Go's expressions don't have"
REFUSED = [
    ("a(?=b)", 2, f"'(?=' at character 2 is look-ahead, which {HAVE_NOT}"),
    ("a(?!b)", 2, "look-ahead"),
    ("(?<=a)b", 1, "look-behind"),
    ("(?<!a)b", 1, "look-behind"),
    ("(?>a)", 1, "write (?:"),
    ("(?|a|b)", 1, "branch reset"),
    ("(?#a)", 1, "comment"),
    ("(?(1)a|b)", 1, "condition"),
    ("(?P<n>a)(?P=n)", 9, "backreference"),
    ("(a)(?R)", 4, "recursion"),
    ("(a)(?1)", 4, "recursion"),
    ("(?P>n)", 1, "recursion"),
    ("(?'n'a)", 1, "write (?P<name>…)"),
    ("(?x)a", 1, "the flags are i, m, s and U"),
    ("(?a)a", 1, "the flags are i, m, s and U"),
    ("(?i-)a", 1, "no group"),
    ("(?-)a", 1, "no group"),
    ("(?--i)a", 1, "no group"),
    ("(?i", 1, "no group"),
    ("(?P<a b>x)", 1, "'(?P<a b>' at character 1 does not name a group"),
    ("(?P<>x)", 1, "does not name"),
    ("(?<größe>x)", 1, "does not name"),
    ("(?P<n", 1, "does not name"),
    ("a**", 2, "'**' at character 2 repeats a repetition"),
    ("a*+", 2, "possessive"),
    ("a++", 2, "possessive"),
    ("a???", 2, "repeats a repetition"),
    ("a{2}{3}", 2, "repeats a repetition"),
    ("*a", 1, "repeats nothing"),
    ("a|*", 3, "repeats nothing"),
    ("(+a)", 2, "repeats nothing"),
    ("(?i)*", 5, "repeats nothing"),
    (r"\Q\E*", 5, "repeats nothing"),
    ("a{2,1}", 2, "swap the two numbers"),
    ("a{1001}", 2, "1,000 times"),
    ("a{1,9876543210}", 2, "1,000 times"),
    ("((a{100}){11})", 10, "over 1,000 copies"),
    ("(?:[a-z]{4}){0,251}", 13, "over 1,000 copies"),
    ("(a", 1, "'(' at character 1 opens a group that is never closed"),
    ("(a(b)", 1, "never closed"),
    ("a)", 2, "closes no group"),
    ("[a", 1, "without its closing ]"),
    ("x[]", 2, "without its closing ]"),
    ("[^]", 1, "without its closing ]"),
    ("[a-", 1, "without its closing ]"),
    ("[z-a]", 2, "'z-a' at character 2 is a range from a later character to an earlier one"),
    ("(?i)[a-Z]", 6, "range"),
    (r"[a-\d]", 4, "can't be the end of a range"),
    ("[[:foo:]]", 2, "there are alnum, alpha"),
    ("[[:a]x[b:]", 2, "no class that Go knows"),
    (r"[\b]", 2, r"write \x08 for a backspace"),
    (r"[\z]", 2, "means nothing inside a class"),
    (r"(a)\1", 4, "backreference"),
    (r"\8", 1, "backreference"),
    (r"a\Z", 2, r"write \z, or $"),
    (r"a\Kb", 2, "no escape"),
    (r"\C", 1, "(?s:.)"),
    (r"\h", 1, r"write [ \t]"),
    (r"\R", 1, "no escape"),
    (r"\G", 1, "no escape"),
    (r"\e", 1, r"write \x1b"),
    (r"\u0041", 1, r"write \x{…}"),
    (r"\q", 1, "without the backslash"),
    (r"\é", 1, "without the backslash"),
    (r"a\E", 2, r"no \Q before it"),
    ("a\\", 2, "escapes nothing"),
    ("[\\", 2, "escapes nothing"),
    (r"\x4", 1, "hexadecimal"),
    (r"\xg1", 1, "hexadecimal"),
    (r"\x{}", 1, "hexadecimal"),
    (r"\x{41", 1, "hexadecimal"),
    (r"\x{ 41}", 1, "hexadecimal"),
    (r"\x{110000}", 1, "past the last character"),
    (r"\x{fffffffffffffffffffffffffff}", 1, "past the last character"),
    (r"\p{Foo}", 1, "no Unicode class"),
    (r"\p{Grek}", 1, "no Unicode class"),
    (r"\p{InGreek}", 1, "no Unicode class"),
    (r"\p{Script=Greek}", 1, "no Unicode class"),
    (r"\p{Alphabetic}", 1, "no Unicode class"),
    (r"\p{Greek", 1, "} is missing"),
    (r"\p", 1, "no Unicode class"),
    # What Go takes, but `regex` would not match alike
    ("(?:|a)+", 7, "let each round match at least one character"),
    ("(?:a??)*", 8, "at least one character"),
    ("(a*)+", 5, "at least one character"),
    ("(a|b*){2,}", 7, "at least one character"),
    ("(" * 101 + ")" * 101, 101, "deeper than 100 levels"),
    ("a" * 50_001, 1, "it is 50,001 characters long"),
]


@pytest.mark.parametrize(("expression", "position", "said"), REFUSED)
def test_what_can_not_be_used_is_refused_with_its_place(expression: str, position: int, said: str) -> None:
    with pytest.raises(Unsupported, match=re.escape(said)) as refusal:
        dialect.translate(expression)
    assert refusal.value.position == position


def test_an_expression_whose_translation_fills_the_memory_is_refused() -> None:
    """N27."""
    with pytest.raises(Unsupported, match="it becomes too large at character"):
        dialect.translate("(?i)" + r"\pL" * 30)


def test_a_refusal_shows_no_raw_control_characters_and_no_endless_quotation() -> None:
    with pytest.raises(Unsupported) as refusal:
        dialect.translate("[\n" + "a" * 10_000)
    assert str(refusal.value).startswith(r"'[\x{A}aaa")
    assert len(str(refusal.value)) < 200


def test_groups_deep_as_allowed_and_long_lists_of_alternatives_compile() -> None:
    assert go("(" * 100 + "a" + ")" * 100).fullmatch("a")
    assert go("|".join(f"component-{n}" for n in range(2_000))).fullmatch("component-1999")


@pytest.mark.parametrize("name", ["Lu", "Uppercase_Letter", "upper case-let ter", "lu"])
def test_the_name_of_a_unicode_class_is_read_loosely(name: str) -> None:
    assert go(rf"\p{{{name}}}").fullmatch("B")
    assert not go(rf"\p{{{name}}}").fullmatch("a")


def test_every_unicode_class_that_go_names_is_known_to_regex() -> None:
    known = {*properties._CATEGORIES.replace("=", " ").replace(",", " ").split(), *properties._SCRIPTS.split()}
    for name in known:
        assert properties.ranges(properties.spelled(name) or "")


def test_folding_agrees_with_python_on_what_is_the_same_letter() -> None:
    for code in range(0x41, 0x1E944):
        letter = chr(code)
        equals = {chr(c) for first, last in characters.folded(((code, code),)) for c in range(first, last + 1)}
        assert letter in equals
        for other in (letter.lower(), letter.upper(), letter.title()):
            # İ and ı have no simple folding; ŉ, ß and their like have an upper case of several letters.
            if len(other) == 1 and letter not in "İı":
                assert other in equals, (letter, other)


# Both dialects agree on these parts, so Python's own module is the judge.

LITERALS = st.sampled_from(["a", "b", "c", r"\.", "/", "-", "0", r"\x61"])
CLASSES = st.builds(
    "[{}{}]".format,
    st.sampled_from(["", "^"]),
    st.lists(
        st.sampled_from(["a", "b-c", r"\d", r"\-", "&", "|", r"\]", "x"]), min_size=1, max_size=4, unique=True
    ).map("".join),
)
ATOMS = LITERALS | CLASSES | st.sampled_from([".", r"\d", r"\w", r"\W", r"\s", r"\A", r"\b", "^"])
QUANTIFIERS = st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{1,}"])


def repeated(expressions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("(?:{}){}".format, expressions, QUANTIFIERS) | st.builds("({}){}".format, LITERALS, QUANTIFIERS)


EXPRESSIONS = st.recursive(
    ATOMS | st.builds("{}{}".format, LITERALS | CLASSES, QUANTIFIERS),
    lambda inner: (
        st.lists(inner, max_size=3).map("".join)
        | st.lists(inner, min_size=1, max_size=3).map("|".join).map("(?:{})".format)
        | st.builds("({})".format, inner)
        | repeated(inner)
    ),
    max_leaves=6,
)
TEXTS = st.text(alphabet="aabbc./-0& \n", max_size=8)


@settings(deadline=None)
@given(EXPRESSIONS, st.lists(TEXTS, min_size=1, max_size=4))
def test_what_both_dialects_have_means_the_same_in_both(expression: str, texts: list[str]) -> None:
    if refusal := refused(expression):
        assert "at least one character" in str(refusal)
        return
    ours, theirs = go(expression), re.compile(expression, re.ASCII)
    for text in texts:
        found, expected = ours.search(text), theirs.search(text)
        assert (found and found.span()) == (expected and expected.span())


@settings(deadline=None)
@given(st.text(alphabet="ab()[]{}*+?|^$.\\-,12pPQEdDwAzZ:<>=!imsU", max_size=20))
def test_whatever_is_translated_compiles(expression: str) -> None:
    if refusal := refused(expression):
        assert 1 <= refusal.position <= len(expression)
    else:
        assert go(expression)


@settings(deadline=None)
@given(st.text(max_size=20))
def test_a_quoted_text_matches_itself_and_nothing_else(text: str) -> None:
    quoted = go("\\Q" + text.replace("\\E", "") + "\\E")
    assert quoted.fullmatch(text.replace("\\E", ""))
    assert not quoted.fullmatch(text.replace("\\E", "") + "a")


# Replacement templates

REPLACED = [
    # Expression, template, text, what Go's ReplaceAllString gives
    ("", "", "", ""),
    ("", "x", "", "x"),
    ("", "x", "abc", "xaxbxcx"),
    ("b", "x", "abc", "axc"),
    ("y", "x", "abc", "abc"),
    ("[a-c]*", "x", "日", "x日x"),
    ("[^日]", "x", "abc日def", "xxx日xxx"),
    ("^[a-c]*", "x", "abcdabc", "xdabc"),
    ("[a-c]*$", "x", "abcdabc", "abcdx"),
    ("^[a-c]*$", "x", "abcdabc", "abcdabc"),
    ("^[a-c]*", "x", "dabce", "xdabce"),
    ("[a-c]*$", "x", "dabce", "dabcex"),
    ("abc", "def", "abcdefg", "defdefg"),
    ("bc", "BC", "abcbcdcdedef", "aBCBCdcdedef"),
    ("abc", "", "abcdabc", "d"),
    ("[a-c]*", "x", "def", "xdxexfx"),
    ("[a-c]+", "x", "abcbcdcdedef", "xdxdedef"),
    ("[a-c]*", "x", "abcbcdcdedef", "xdxdxexdxexfx"),
    ("|a", "x", "aa", "xaxax"),
    (r"\b", "|", "ab cd", "|ab| |cd|"),
    ("a+", "($0)", "banana", "b(a)n(a)n(a)"),
    ("a+", "(${0})$0", "banana", "b(a)an(a)an(a)a"),
    ("hello, (.+)", "goodbye, ${1}", "hello, world", "goodbye, world"),
    ("hello, (.+)", "goodbye, $1x", "hello, world", "goodbye, "),
    ("hello, (.+)", "goodbye, ${1}x", "hello, world", "goodbye, worldx"),
    ("hello, (.+)", "<$0><$1><$2><$3>", "hello, world", "<hello, world><world><><>"),
    ("hello, (?P<noun>.+)", "goodbye, $noun!", "hello, world", "goodbye, world!"),
    ("hello, (?P<noun>.+)", "goodbye, ${noun}", "hello, world", "goodbye, world"),
    ("(?P<x>hi)|(?P<x>bye)", "$x$x$x", "hi", "hihihi"),
    ("(?P<x>hi)|(?P<x>bye)", "$x$x$x", "bye", "byebyebye"),
    ("(?P<x>hi)|(?P<x>bye)", "$1,$2", "bye", ",bye"),
    ("(?P<x>hi)|(?P<x>bye)", "$xyz", "hi", ""),
    ("(?P<x>hi)|(?P<x>bye)", "${x}yz", "hi", "hiyz"),
    ("(?P<x>hi)|(?P<x>bye)", "hello $$x", "hi", "hello $x"),
    ("a+", "${oops", "aaa", "${oops"),
    ("a+", "$$", "aaa", "$"),
    ("a+", "$", "aaa", "$"),
    ("a+", "${}$-${a b}", "aaa", "${}$-${a b}"),
    ("a+", "$$$0", "aaa", "$aaa"),
    ("(a)", "$01", "a", ""),
    ("(a)", "$99999999999", "a", ""),
    ("(a)", r"\1\g<1>{1}", "a", r"\1\g<1>{1}"),
    ("(?P<1x>a)", "$1x-${1x}-$1", "a", "a-a-a"),
    ("(?P<2>a)(b)", "$2", "ab", "b"),
    ("(?P<_1_x>a)", "$_1_x$x", "a", "a"),
    ("(a)", "$1é", "a", ""),
    ("(a)", "$1-é", "a", "a-é"),
    ("(x)?", "$1", "123", "123"),
    ("(a)(b){0}(c)", ".$1|$3.", "xacxacx", "x.a|c.x.a|c.x"),
    (
        r"^workspace/([^/]*)/.*",
        "https://${1}.example.com/hook",
        "workspace/app-1/a.yaml",
        "https://app-1.example.com/hook",
    ),
    ("b/(.*)$", "[$1]", "a/b/c", "a/[c]"),
]


@pytest.mark.parametrize(("expression", "template", "text", "result"), REPLACED)
def test_replacing_gives_what_go_gives(expression: str, template: str, text: str, result: str) -> None:
    assert replacement.replace_all(go(expression), text, template) == result


def test_a_group_that_took_no_part_is_empty() -> None:
    match = go("(a)|(b)").fullmatch("b")
    assert match
    assert replacement.expand("$1-$2-$3-$name", match) == "-b--"


def test_a_name_that_had_to_be_respelled_can_be_read_again() -> None:
    names = go("(?P<x>a)(?P<x>b)(?P<1st>c)(?P<_2_x>d)").groupindex
    assert [group_names.original(name) for name in sorted(names, key=names.__getitem__)] == ["x", "x", "1st", "_2_x"]
    assert sorted(names.values()) == [1, 2, 3, 4]


def test_replacing_ends_when_its_time_is_up() -> None:
    """N27: many matches, each within its moment, are not given a moment each."""
    ticks = iter(range(100))
    with pytest.raises(TimeoutError):
        replacement.replace_all(go("a"), "a" * 50, "b", timeout=10, clock=lambda: float(next(ticks)))


def test_an_expression_that_backtracks_without_end_is_stopped() -> None:
    """N27."""
    with pytest.raises(TimeoutError):
        replacement.replace_all(go("(?:a|aa)+$"), "a" * 60 + "!", "b", timeout=0.05)
