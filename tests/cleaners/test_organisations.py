import pytest

from dmpworks.names import is_organisation


@pytest.mark.parametrize(
    "name",
    [
        "UC Libraries 2021", "Gump South Pacific Research Station", "University of X",
        "Universitätsklinikum Schönstadt", "Borgholms universitet", "LIGO Scientific Collaboration",
        "National Park Service", "Field Museum", "NASA", "WWF", "Centers for Disease Control", "北京大学",
        "서울대학교", "Институт физики", "Wexfield University Medical Center", "Acme Ltd.",
        "Department of Physics, University of X",
    ],
)  # fmt: skip
def test_plain_organisations(name: str) -> None:
    assert is_organisation(name)


@pytest.mark.parametrize(
    "name",
    [
        "Mulder, S.", "David Wakeworth", "Bank, Anna", "House, Gregory", "Charlotte Church", "Emily Field",
        "John Press", "Steven School", "Smith", "Plato", "de la Cruz", "Qing-Long Yang", "Kowalski-Szymński, Piotr",
        "王伟", "김민수", "Иван Петров", "J. R. R. Tolkien", "El Ali, Mohammed", "",
    ],
)  # fmt: skip
def test_people_are_none(name: str) -> None:
    assert not is_organisation(name)
