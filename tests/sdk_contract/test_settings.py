from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from sdk_contract.errors import SettingError, Terminal
from sdk_contract.settings import Secret, Setting, describe, load, variables


class Sample(msgspec.Struct, frozen=True):
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on.")] = 8000
    seal_bytes: Annotated[int, Meta(description="Size at which a segment is sealed.")] = 8 * 2**20
    seal_after: Annotated[float, Meta(gt=0, description="Age at which a segment is sealed.")] = 2.0
    store: Annotated[str | None, Meta(description="Where landing is.")] = None
    store_secret: Annotated[Secret, Meta(description="Password of the store.")] = Secret("")
    quiet: bool = False


def test_what_is_not_set_keeps_its_default() -> None:
    assert load(Sample, {"PATH": "/bin", "HOME": "/nowhere"}) == Sample()


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("SOJOURN_PORT", "9000", "port", 9000),
        ("SOJOURN_PORT", " 0 ", "port", 0),
        ("SOJOURN_SEAL_BYTES", "8MiB", "seal_bytes", 8_388_608),
        ("SOJOURN_SEAL_BYTES", "500kB", "seal_bytes", 500_000),
        ("SOJOURN_SEAL_AFTER", "500ms", "seal_after", 0.5),
        ("SOJOURN_SEAL_AFTER", "1.5m", "seal_after", 90.0),
        ("SOJOURN_SEAL_AFTER", "3", "seal_after", 3.0),
        ("SOJOURN_STORE", "s3://b/p", "store", "s3://b/p"),
        ("SOJOURN_QUIET", "On", "quiet", True),
        ("SOJOURN_QUIET", "false", "quiet", False),
    ],
)
def test_values_as_people_write_them(variable: str, text: str, field: str, value: object) -> None:
    assert getattr(load(Sample, {variable: text}), field) == value


@pytest.mark.parametrize(
    ("variable", "text", "wanted"),
    [
        ("SOJOURN_PORT", "70000", "<= 65535"),
        ("SOJOURN_PORT", "http", "a whole number, or a size such as 8MiB, would do"),
        ("SOJOURN_SEAL_AFTER", "0s", "> 0.0"),
        ("SOJOURN_SEAL_AFTER", "soon", "a number of seconds, 2s or 500ms would do"),
        ("SOJOURN_QUIET", "maybe", "true or false would do"),
    ],
)
def test_a_bad_value_names_variable_value_and_what_would_do(variable: str, text: str, wanted: str) -> None:
    with pytest.raises(SettingError) as caught:
        load(Sample, {variable: text})
    assert isinstance(caught.value, Terminal)
    assert all(part in str(caught.value) for part in (variable, repr(text), wanted))


def test_an_unknown_variable_stops_and_suggests_the_near_name() -> None:
    with pytest.raises(SettingError, match=r"SOJOURN_PROT is not a setting; did you mean SOJOURN_PORT\?"):
        load(Sample, {"SOJOURN_PROT": "1"})


def test_an_unknown_variable_without_a_near_name_lists_all() -> None:
    with pytest.raises(SettingError, match="known are SOJOURN_PORT, SOJOURN_QUIET"):
        load(Sample, {"SOJOURN_ZZZZZZZZ": "1"})


def test_variables_of_other_services_are_let_pass() -> None:
    assert load(Sample, {"SOJOURN_SESSION_GAP": "30m"}, known={"SOJOURN_SESSION_GAP"}) == Sample()
    assert "SOJOURN_SEAL_AFTER" in variables(Sample)


def test_a_secret_is_never_printed() -> None:
    settings = load(Sample, {"SOJOURN_STORE_SECRET": "hunter2"})
    secret = settings.store_secret
    assert "hunter2" not in f"{settings} {secret} {secret!r:>9} {secret:>9} %s" % secret
    assert settings.store_secret.reveal() == "hunter2"
    assert type(settings.store_secret.reveal()) is str


def test_describe_says_where_each_value_comes_from() -> None:
    described = describe(Sample, {"SOJOURN_PORT": "81", "SOJOURN_STORE_SECRET": "hunter2"})
    assert described[0] == Setting("port", "SOJOURN_PORT", 81, "environment", "Port to listen on.")
    assert described[2] == Setting(
        "seal_after", "SOJOURN_SEAL_AFTER", 2.0, "default", "Age at which a segment is sealed."
    )
    assert (described[4].value, described[4].source) == ("***", "environment")
    assert described[5].help == ""
