"""The line of each key of a TOML text."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from sync.toml_lines import key_lines


def test_keys_of_every_form_have_their_line():
    text = '''# a comment with [brackets] and "quotes"
a.b = 1                       # 2
[x."q.r"]                     # 3
list = [ 1, # ] }
  { u = 2, v.w = """a
[not.a.table]
""""" }, [3,
4]]                           # 8
day = 1979-05-27 07:32:00     # 9
[[t]]                         # 10
k = 'a # b'                   # 11
  [[t.s]]                     # 12
  "z\\u0041" = "\\"#"         # 13
[[t]]                         # 14
[t.m]                         # 15
'''
    assert key_lines(text) == {
        ("a",): 2,
        ("a", "b"): 2,
        ("x",): 3,
        ("x", "q.r"): 3,
        ("x", "q.r", "list"): 4,
        ("x", "q.r", "list", 0): 4,
        ("x", "q.r", "list", 1): 5,
        ("x", "q.r", "list", 1, "u"): 5,
        ("x", "q.r", "list", 1, "v"): 5,
        ("x", "q.r", "list", 1, "v", "w"): 5,
        ("x", "q.r", "list", 2): 7,
        ("x", "q.r", "list", 2, 0): 7,
        ("x", "q.r", "list", 2, 1): 8,
        ("x", "q.r", "day"): 9,
        ("t",): 10,
        ("t", 0): 10,
        ("t", 0, "k"): 11,
        ("t", 0, "s"): 12,
        ("t", 0, "s", 0): 12,
        ("t", 0, "s", 0, "zA"): 13,
        ("t", 1): 14,
        ("t", 1, "m"): 15,
    }


def test_a_section_that_is_opened_after_its_part_has_its_own_line():
    assert key_lines("[a.b]\nx = 1\n[a]\ny = 2\n")[("a",)] == 3


KEYS = st.one_of(
    st.sampled_from(["a", "b", "c-d", "1"]),
    st.text('a."#[] =', max_size=4).map(lambda text: "'" + text + "'"),
    st.sampled_from([r'"\"#"', r'"a\\"', '""']),
)
SCALARS = st.sampled_from(
    [
        *("1", "-1.5e3", "true", "inf", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00", "07:32:00"),
        *(
            '"a"',
            r'"\"[#"',
            "'[#'",
            '""',
            "''",
            '"""a\nb = 1\n"""',
            '""""a""""',
            "'''\n[x]\n'''",
            "''''a''''",
            r'"""\""""',
        ),
    ]
)


def listed(inner):
    gaps = st.sampled_from(["", " ", "\n", " # ]}\n"])
    items = st.lists(st.tuples(gaps, inner, gaps), max_size=3)
    return items.map(lambda parts: "[" + ",".join(a + value + b for a, value, b in parts) + "]")


def inlined(inner):
    pairs = st.lists(st.tuples(KEYS, inner), max_size=3)
    return pairs.map(lambda parts: "{ " + ", ".join(f"{key} = {value}" for key, value in parts) + " }")


VALUES = st.recursive(SCALARS, lambda inner: listed(inner) | inlined(inner), max_leaves=5)
DOTTED = st.lists(KEYS, min_size=1, max_size=3).map(" . ".join)
LINES = st.one_of(
    DOTTED.map(lambda key: f"[ {key} ]"),
    DOTTED.map(lambda key: f"[[{key}]] # list"),
    st.tuples(DOTTED, VALUES).map(" = ".join),
    st.sampled_from(["", "# [comment]", "  "]),
)


def paths(value, path=()):
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        return
    for part, below in parts:
        yield (*path, part)
        yield from paths(below, (*path, part))


@given(st.lists(LINES, max_size=8))
def test_whatever_tomllib_reads_has_a_line(lines):
    text = ""
    for line in lines:  # keep the lines that make a document together
        try:
            tomllib.loads(text + line + "\n")
        except tomllib.TOMLDecodeError:
            continue
        text += line + "\n"
    found = key_lines(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") for line in found.values())
