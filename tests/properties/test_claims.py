"""Whatever groups are called, tokens name the first of them that fit, and no more."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.tokens.claims import MAX_GROUPS_BYTES, encoded, fitting
from tests.counts import count

#: All that a database takes: no lone surrogates, no NUL.
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
# Long ones, so that many lists do not fit.
lengths = st.integers(min_value=1, max_value=150)
name = st.builds(str.__mul__, letters, lengths)
names = st.lists(name, min_size=8, max_size=60, unique=True)


@settings(max_examples=count(100, 5_000), deadline=None)
@given(names)
def test_groups_fit_and_are_the_first_by_name(groups):
    kept = fitting(groups)
    rest = sorted(groups)
    assert kept == rest[: len(kept)]
    # An array of n items has n - 1 commas and two brackets, the empty one two.
    assert len(encoded(kept)) <= MAX_GROUPS_BYTES + len("]")
    following = rest[len(kept) :][:1]
    assert not following or len(encoded(kept + following)) > MAX_GROUPS_BYTES
