import pytest

from dmpworks.cleaners.names import Person, parse

# name: first initial, given name, middle initials, middle names, surname
NAMES = {
    "John Smith": ("J", "John", None, None, "Smith"),
    "Smith, John": ("J", "John", None, None, "Smith"),
    "Neil M Davies": ("N", "Neil", "M", None, "Davies"),
    "Patrick L. Collins": ("P", "Patrick", "L", None, "Collins"),
    "Martin Luther King": ("M", "Martin", "L", "Luther", "King"),
    "Smith, John Allen B.": ("J", "John", "AB", "Allen", "Smith"),
    "J. R. R. Tolkien": ("J", None, "RR", None, "Tolkien"),
    "J.R.R. Tolkien": ("J", None, "RR", None, "Tolkien"),
    "JA Smith": ("J", None, "A", None, "Smith"),
    "Smith JA": ("J", None, "A", None, "Smith"),
    "Smith, JA": ("J", None, "A", None, "Smith"),
    "García Sánchez C.": ("C", None, None, None, "García Sánchez"),
    "R. L. Escalera Fuenzano": ("R", None, "L", None, "Escalera Fuenzano"),
    "J.-P. Sartre": ("J", None, "P", None, "Sartre"),
    "Jean-Paul Sartre": ("J", "Jean-Paul", None, None, "Sartre"),
    "Conan O'Brien": ("C", "Conan", None, None, "O'Brien"),
    "Hans-Jürgen Müller": ("H", "Hans-Jürgen", None, None, "Müller"),
    "Þórdís Kolbrún R. Gylfadóttir": ("Þ", "Þórdís", "KR", "Kolbrún", "Gylfadóttir"),
    "García Márquez, Gabriel José": ("G", "Gabriel", "J", "José", "García Márquez"),
    # particles
    "Ludwig van der Berg": ("L", "Ludwig", None, None, "van der Berg"),
    "van der Berg, Ludwig": ("L", "Ludwig", None, None, "van der Berg"),
    "João da Silva Oliveira": ("J", "João", None, None, "da Silva Oliveira"),
    "Tiago I. de Branconcelos": ("T", "Tiago", "I", None, "de Branconcelos"),
    "José Ortega y Gasset": ("J", "José", None, None, "Ortega y Gasset"),
    "Layla El Khan": ("L", "Layla", None, None, "El Khan"),
    "al-Mansouan, Layla": ("L", "Layla", None, None, "al-Mansouan"),
    "Muhammad al-Khwarizmi": ("M", "Muhammad", None, None, "al-Khwarizmi"),
    "Robert van 't Hoff": ("R", "Robert", None, None, "van 't Hoff"),
    "Jean D'Angelo": ("J", "Jean", None, None, "D'Angelo"),
    "Charles d'Artagnan": ("C", "Charles", None, None, "d'Artagnan"),
    "Gerard 't Hooft": ("G", "Gerard", None, None, "'t Hooft"),
    "Nguyễn Văn Anh": ("V", "Văn", "A", "Anh", "Nguyễn"),
    "de la Cruz": (None, None, None, None, "de la Cruz"),
    "Beethoven, Ludwig van": ("L", "Ludwig", None, None, "van Beethoven"),
    "BERG, J. van der": ("J", None, None, None, "van der Berg"),
    "nguyen, thi le": ("T", "Thi", "L", "le", "Nguyen"),
    "Nguyen Thi Minh Khai": ("T", "Thi", "MK", "Minh Khai", "Nguyen"),
    "Ly van Berg": ("L", "Ly", None, None, "van Berg"),
    "Seán Ó Riada": ("S", "Seán", None, None, "Ó Riada"),
    "Mark St. John": ("M", "Mark", None, None, "St. John"),
    "João Silva Neto": ("J", "João", None, None, "Silva Neto"),
    "Agostinho Neto": ("A", "Agostinho", None, None, "Neto"),
    "Maria Neto": ("M", "Maria", None, None, "Neto"),
    "José da Silva Filho": ("J", "José", None, None, "da Silva Filho"),
    "Carlos Alberto Silva Júnior": ("C", "Carlos", "A", "Alberto", "Silva"),
    "CARLOS DA SILVA JÚNIOR": ("C", "Carlos", None, None, "da Silva"),
    "Silva Júnior, Carlos": ("C", "Carlos", None, None, "Silva"),
    "Pedro Júnior": ("P", "Pedro", None, None, "Júnior"),
    # abbreviations
    "Yu. A. Gagarin": ("Y", None, "A", None, "Gagarin"),
    "Smith, JA.": ("J", None, "A", None, "Smith"),
    # several persons
    "Smith, J.; Doe, A.": ("J", None, None, None, "Smith"),
    "John Smith and Jane Doe": ("J", "John", None, None, "Smith"),
    "Smith J, Doe A": ("J", None, None, None, "Smith"),
    "van der Berg JA, Li XY, Doe A": ("J", None, "A", None, "van der Berg"),
    "Smith JA, Jr.": ("J", None, "A", None, "Smith"),
    "García M., Juan A.": ("J", "Juan", "A", None, "García M."),
    "Xu Li, Jane A": ("J", "Jane", "A", None, "Xu Li"),
    "Smith et al.": (None, None, None, None, "Smith"),
    "Suharto .": (None, None, None, None, "Suharto"),
    # titles and suffixes
    "Dr. Jane Doe, PhD": ("J", "Jane", None, None, "Doe"),
    "Prof. Dr. Hans-Peter Müller": ("H", "Hans-Peter", None, None, "Müller"),
    "Prof. Dr. med. Hans Müller": ("H", "Hans", None, None, "Müller"),
    "Müller, Prof. Dr. med. Hans": ("H", "Hans", None, None, "Müller"),
    "Dr. rer. nat. Anna Weber": ("A", "Anna", None, None, "Weber"),
    "Dr. h. c. mult. Anna Weber": ("A", "Anna", None, None, "Weber"),
    "Dr.-Ing. J. Weber": ("J", None, None, None, "Weber"),
    "Dr. Th. Weber": ("T", None, None, None, "Weber"),
    "dr. j. weber": ("J", None, None, None, "Weber"),
    "Martin King Jr.": ("M", "Martin", None, None, "King"),
    "King Jr., Martin": ("M", "Martin", None, None, "King"),
    "King, Martin, Jr.": ("M", "Martin", None, None, "King"),
    "King, Jr., Martin": ("M", "Martin", None, None, "King"),
    'William "Bill" Gates III': ("W", "William", None, None, "Gates"),
    # marks of footnotes
    "Jane Doe*": ("J", "Jane", None, None, "Doe"),
    "Jane Doe¹": ("J", "Jane", None, None, "Doe"),
    "Jane Doe1,2": ("J", "Jane", None, None, "Doe"),
    "Jane Doe¹, ²*": ("J", "Jane", None, None, "Doe"),
    "Jane Mary Ann Doe1,2": ("J", "Jane", "MA", "Mary Ann", "Doe"),
    "Doe†, Jane": ("J", "Jane", None, None, "Doe"),
    "Doe, Jane2": ("J", "Jane", None, None, "Doe"),
    # single names
    "Madonna": (None, None, None, None, "Madonna"),
    "Smith,": (None, None, None, None, "Smith"),
    # all capitals, all small, capitals for the surname
    "VAN DER BERG, LUDWIG": ("L", "Ludwig", None, None, "van der Berg"),
    "ludwig van der berg": ("L", "Ludwig", None, None, "van der Berg"),
    "JOHN MCDONALD": ("J", "John", None, None, "McDonald"),
    "O'BRIEN, CONAN": ("C", "Conan", None, None, "O'Brien"),
    "İBRAHİM ÇELİK": ("İ", "İbrahim", None, None, "Çelik"),
    "İSMAİL YILMAZ": ("İ", "İsmail", None, None, "Yilmaz"),
    "RIBARUBIAS TORRES, Luis Diego": ("L", "Luis", "D", "Diego", "Ribarubias Torres"),
    "Luis RIBARUBIAS TORRES": ("L", "Luis", None, None, "Ribarubias Torres"),
    "WANG Xiaoming": ("X", "Xiaoming", None, None, "Wang"),
    "RONALD McDONALD": ("R", "Ronald", None, None, "McDONALD"),
    "LI Wei": ("W", "Wei", None, None, "Li"),
    "Wei XU": ("W", "Wei", None, None, "Xu"),
    "JACK MA": ("J", "Jack", None, None, "Ma"),
    # scripts: only Chinese, Japanese and Korean names get no initial
    "王伟": (None, None, None, None, "王伟"),
    "王, 伟": (None, "伟", None, None, "王"),
    "山田 太郎": (None, "太郎", None, None, "山田"),
    "ジョン・スミス": (None, "ジョン", None, None, "スミス"),
    "Jong-Un Kim": ("J", "Jong-Un", None, None, "Kim"),
    "김 민수": (None, "민수", None, None, "김"),
    "김민수": (None, "민수", None, None, "김"),
    "남궁민수": (None, "민수", None, None, "남궁"),
    "Zhi-Mei Ding": ("Z", "Zhi-Mei", None, None, "Ding"),
    "Петров, Иван Сергеевич": ("И", "Иван", "С", "Сергеевич", "Петров"),
    "Павлов Иван Петрович": ("И", "Иван", "П", "Петрович", "Павлов"),
    "ТОЛСТОЙ ЛЕВ НИКОЛАЕВИЧ": ("Л", "Лев", "Н", "Николаевич", "Толстой"),
    "Иванова Анна Ильинична": ("А", "Анна", "И", "Ильинична", "Иванова"),
    "Шевченко Олена Сергіївна": ("О", "Олена", "С", "Сергіївна", "Шевченко"),
    "Иван Петрович Павлов": ("И", "Иван", "П", "Петрович", "Павлов"),
    "Роман Аркадьевич Абрамович": ("Р", "Роман", "А", "Аркадьевич", "Абрамович"),
    "Иван Абрамович": ("И", "Иван", None, None, "Абрамович"),
    "Pavlov Ivan Petrovich": ("I", "Ivan", "P", "Petrovich", "Pavlov"),
    "Tolstaya Anna Ilyinichna": ("A", "Anna", "I", "Ilyinichna", "Tolstaya"),
    "Anna Petrovna Tolstaya": ("A", "Anna", "P", "Petrovna", "Tolstaya"),
    "John Michael Petrovich": ("J", "John", "M", "Michael", "Petrovich"),
    "Roman Arkadyevich Abramovich": ("R", "Roman", "A", "Arkadyevich", "Abramovich"),
    "И. С. Петров": ("И", None, "С", None, "Петров"),
    "Γιώργος Παπαδόπουλος": ("Γ", "Γιώργος", None, None, "Παπαδόπουλος"),
    "محمد علي": ("م", "محمد", None, None, "علي"),
    "محمد بن سلمان": ("م", "محمد", None, None, "بن سلمان"),
    "דוד בן גוריון": ("ד", "דוד", None, None, "בן גוריון"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_cut_into_its_parts(name: str) -> None:
    assert parse(name) == Person(None, *NAMES[name], name)


@pytest.mark.parametrize(
    "name", [None, "", "  ", "n/a", "et al.", "Anonymous", "jane@example.org", "https://example.org/jane", "123", "-"]
)
def test_what_names_nobody_gives_none(name: str | None) -> None:
    assert parse(name) is None


@pytest.mark.parametrize(
    ("full", "given", "family", "expected"),
    [
        ("Casdero Beltega, C.", "Carlos", "Casdero Beltega", ("C", "Carlos", None, None, "Casdero Beltega")),
        ("RADWELL, Peter", "Peter", "Radwell", ("P", "Peter", None, None, "Radwell")),
        ("Maria Anna de Souza Lima", "Maria Anna", "de Souza Lima", ("M", "Maria", "A", "Anna", "de Souza Lima")),
        ("Smith, J", None, "Smith", ("J", None, None, None, "Smith")),
        ("John Smith", None, "Smith", ("J", "John", None, None, "Smith")),
        ("Beethoven, Ludwig van", "Ludwig van", "Beethoven", ("L", "Ludwig", None, None, "van Beethoven")),
        ("Plato", "Plato", None, (None, None, None, None, "Plato")),
    ],
)
def test_given_and_family_name_win(
    full: str, given: str | None, family: str | None, expected: tuple[str | None, ...]
) -> None:
    assert parse(full, given, family) == Person(None, *expected, full)


def test_a_name_without_full_form_is_put_together() -> None:
    assert parse(None, "J. A.", "SMITH") == Person(None, "J", None, "A", None, "Smith", "J. A. SMITH")


def test_the_orcid_is_kept() -> None:
    assert parse("John Smith", orcid="https://orcid.org/0000-0001-2345-678X").orcid == "0000-0001-2345-678x"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name",
    [
        "\ud800 Smith", "Smith\x00, \ud8ff", "(", "A" * 5000, ", ,", "J" * 3 + ".", "\u200b", "😀 😀", "é. é", "·",
        "・", "Doe, ½", "½ Jane Doe", "Doe, Ⅷ. ²", "0¼ 0A",
    ],
)  # fmt: skip
@pytest.mark.parametrize("orcid", [None, "0000-0001-2345-6789"])
def test_odd_names_never_crash(name: str, orcid: str | None) -> None:
    person = parse(name, orcid=orcid)
    assert person is None or all(
        part is None or part.encode() for part in (person.surname, person.full, person.given_name)
    )


def test_what_is_too_long_for_a_name_is_kept_uncut() -> None:
    assert parse("(" * 1_000_000 + "a") == Person(full="(" * 1_000_000 + "a")
    assert parse("A", given="a " * 1_000_000, family="A") == Person(full="A")
