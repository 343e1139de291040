"""People's text comes into Markdown by one door, `terr.view.text.markdown`: held over the syntax trees of all pages."""

from __future__ import annotations

import pytest

from tests.ui.text_flow import ROOT, Flow, sources

PAGE = "terr.ui.planted"
HEAD = """
import streamlit as st
from terr.view.text import count, markdown, short
from terr.ui.session import state

TITLES = {"a": "One", "b": "Two"}


"""


def found(body: str) -> list[str]:
    """What is found in a page with this body."""
    text = "def show(data, measure: str, n: int):\n" + "\n".join(f"    {line}" for line in body.splitlines())
    files = {k: v for k, v in sources().items() if k in {"terr.view.text", "terr.model.wording", "terr.model.units"}}
    return [f.what for f in Flow({**files, PAGE: ("planted.py", HEAD + text)}).found()]


def test_every_text_on_a_page_is_ours_or_came_through_the_door() -> None:
    broken = Flow(sources()).found()
    assert broken == [], (
        "\n".join(f"{f.path}:{f.line}: {f.what}" for f in broken) + "\nwrap people's text in markdown()"
    )


@pytest.mark.parametrize(
    "body",
    [
        "st.markdown(data.name)",
        "st.caption(f'Of {measure}')",
        "st.button('Go', help=measure)",
        "st.selectbox(measure, ['a'])",
        "st.selectbox('A', ['a'], help=f'{data.name}')",
        "st.radio('A', data.names)",
        "st.radio('A', ['a'], format_func=lambda v: data.names[v])",
        "st.pills('A', ['x'], format_func=data.names.__getitem__)",
        "st.segmented_control('A', options=data.names)",
        "st.select_slider('A', [n for n in data.names])",
        "st.radio('A', ['a'], captions=[data.name])",
        "st.tabs([measure, 'B'])",
        "st.metric('A', data.value)",
        "st.metric('A', 1, delta=data.value)",
        "st.progress(0.5, data.name)",
        "st.toast(measure)",
        "st.table(data.frame)",
        "with st.expander(f'**{measure}**'): pass",
        "left, right = st.columns(2)\nleft.popover(measure)",
        "text = 'Name: '\ntext += measure\nst.info(text)",
        "told = [markdown(measure)]\ntold.append(measure)\nst.info(' '.join(told))",
        "for name in data.names:\n    st.markdown(name)",
        "for k, name in enumerate(data.names):\n    st.markdown(name)",
        "st.markdown('; '.join(f'{n}' for n in data.names))",
        "st.dataframe(data.frame, column_config={'A': st.column_config.TextColumn(help=measure)})",
        "st.markdown(short(data.value, data.currency))",
        "st.markdown(str(data.error))",
        "st.markdown(measure if n else 'none')",
        "st.markdown(data.name or 'none')",
        "def told(text):\n    return f'of {text}'\nst.caption(told(measure))",
        "def told(text):\n    st.caption(text)\ntold('fine')\ntold(measure)",
        "st.markdown('%s' % measure)",
        "st.markdown('{}'.format(measure))",
        "st.markdown(measure[:20].upper())",
    ],
)
def test_people_s_text_beside_the_door_is_found(body: str) -> None:
    assert found(body)


@pytest.mark.parametrize(
    "body",
    [
        "st.markdown(f'**{markdown(data.name)}** of {markdown(measure)}')",
        "st.caption(f'{n} of {len(data.names):,}')",
        "st.caption(count(n, 'account'))",
        "st.selectbox('A', data.names, placeholder=measure, format_func=lambda v: data.titles[v])",
        "st.multiselect('A', data.names)",
        "st.radio('A', list(TITLES), format_func=lambda v: TITLES[v])",
        "st.radio('A', data.names, format_func=lambda v: markdown(data.titles[v]))",
        "told = [markdown(measure)]\ntold.append('x')\nst.info(' '.join(told))",
        "for kind, name in (('A', data.a), ('B', data.b)):\n    st.markdown(f'{kind}: {markdown(name)}')",
        "def told(text):\n    return f'of {text}'\nst.caption(told(markdown(measure)))",
        "def told(text):\n    st.caption(text)\ntold('fine')\ntold(markdown(measure))",
        "st.metric('A', f'{data.value:,.1f}')",
        "st.dataframe(data.frame, column_config={measure: st.column_config.TextColumn(measure)})",
    ],
)
def test_what_is_fine_is_let_through(body: str) -> None:
    assert found(body) == []


def test_no_page_switches_html_on() -> None:
    """`st.html` is fed by functions that escape, each with its own test; nothing else may render HTML."""
    for path in [*(ROOT / "terr").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        assert "unsafe_allow_html" not in path.read_text(encoding="utf-8"), path
