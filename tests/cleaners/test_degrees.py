"""Degrees, licences, honours and titles around a name are no part of it, and names that look like them stay names.

The spellings are those reported from author lists and plans (field reports of 2026), and those of the countries named.
"""

import pytest

from dmpworks.cleaners.names import parse

# name as written: given name, middle initials, surname
NAMES = {
    # behind a comma, capitals
    "Jane Roe, MS": ("Jane", None, "Roe"),
    "Jane Roe, RN": ("Jane", None, "Roe"),
    "Jane Roe, JD": ("Jane", None, "Roe"),
    "Jane Roe, MA": ("Jane", None, "Roe"),
    "Jane Roe, DO": ("Jane", None, "Roe"),
    "Jane Roe, ACA": ("Jane", None, "Roe"),
    "Jane Roe, FAAN": ("Jane", None, "Roe"),
    "Jane Roe, MBBS": ("Jane", None, "Roe"),
    "Priya Nair, MBBS": ("Priya", None, "Nair"),
    "Wei Zhang, MS": ("Wei", None, "Zhang"),
    "Olu Adeyemi, RN": ("Olu", None, "Adeyemi"),
    "Tomoko Sato, MPH": ("Tomoko", None, "Sato"),
    "Siobhan Kelly, BSN": ("Siobhan", None, "Kelly"),
    "Ahmed Hassan, FRCPC": ("Ahmed", None, "Hassan"),
    "Kofi Mensah, CPA": ("Kofi", None, "Mensah"),
    "Mary-Ann van Dyke, FRCS": ("Mary-Ann", None, "van Dyke"),
    "Jane Q. Roe, MA": ("Jane", "Q", "Roe"),
    "J. Quincy Roe, DO": (None, "Q", "Roe"),
    # behind a comma, capitals and small letters
    "Jane Roe, ScD": ("Jane", None, "Roe"),
    "Jane Roe, DrPH": ("Jane", None, "Roe"),
    "Jane Roe, EdD": ("Jane", None, "Roe"),
    "Jane Roe, PsyD": ("Jane", None, "Roe"),
    "Jane Roe, BSc": ("Jane", None, "Roe"),
    "Hiroshi Tanaka, PharmD": ("Hiroshi", None, "Tanaka"),
    "Ngozi Okafor, DVetMed": ("Ngozi", None, "Okafor"),
    # with full stops
    "Jane Roe, M.S.": ("Jane", None, "Roe"),
    "Jane Roe, Ph.D.": ("Jane", None, "Roe"),
    "Jane Roe, Dr.P.H.": ("Jane", None, "Roe"),
    "Jane Roe, M.P.H.": ("Jane", None, "Roe"),
    "Raj Patel, M.P.H.": ("Raj", None, "Patel"),
    "Raj Patel, B.Sc.": ("Raj", None, "Patel"),
    "Budi Santoso, S.Kom., M.Kom.": ("Budi", None, "Santoso"),
    # several
    "Jane Roe, PhD, RN": ("Jane", None, "Roe"),
    "Jane Roe, MD, MS": ("Jane", None, "Roe"),
    "Jane Roe, RN, PhD, FAAN": ("Jane", None, "Roe"),
    "Jane Roe, MD MPH": ("Jane", None, "Roe"),
    "Jane Q. Roe, MD, MPH": ("Jane", "Q", "Roe"),
    # without a comma
    "Jane Roe MS": ("Jane", None, "Roe"),
    "Jane Roe MS RN": ("Jane", None, "Roe"),
    "Jane Roe Ph.D.": ("Jane", None, "Roe"),
    "John Smith MD PhD": ("John", None, "Smith"),
    "Wei Zhang MBBS": ("Wei", None, "Zhang"),
    # surname first
    "Roe, Jane, MS": ("Jane", None, "Roe"),
    "Roe, Jane MS": ("Jane", None, "Roe"),
    "Roe, Jane Q., MD": ("Jane", "Q", "Roe"),
    "Roe, PhD, Jane": ("Jane", None, "Roe"),
    "Nair, Priya, MBBS, MPH": ("Priya", None, "Nair"),
    # titles of many countries, before the name
    "Ing. Jan Novák, CSc.": ("Jan", None, "Novák"),
    "doc. RNDr. Petr Svoboda, Ph.D.": ("Petr", None, "Svoboda"),
    "MUDr. Eva Dvořáková": ("Eva", None, "Dvořáková"),
    "prof. dr hab. Anna Nowak": ("Anna", None, "Nowak"),
    "Dott. Marco Rossi": ("Marco", None, "Rossi"),
    "Dott.ssa Giulia Bianchi": ("Giulia", None, "Bianchi"),
    "Mag. Thomas Huber": ("Thomas", None, "Huber"),
    "Dr. med. Hans Müller, MBA": ("Hans", None, "Müller"),
    "Profa. Ana Souza": ("Ana", None, "Souza"),
    "Sir John Bell, FRS": ("John", None, "Bell"),
    "Drs. Bram de Vries": ("Bram", None, "de Vries"),
    # no degrees: names and initials of the same letters
    "Ma, Andrew": ("Andrew", None, "Ma"),
    "Andrew Ma": ("Andrew", None, "Ma"),
    "Andrew MA": ("Andrew", None, "Ma"),
    "JACK MA": ("Jack", None, "Ma"),
    "Do, Kim": ("Kim", None, "Do"),
    "Thanh Do": ("Thanh", None, "Do"),
    "Roe, JD": (None, "D", "Roe"),
    "Li, MS": (None, "S", "Li"),
    "Smith JA": (None, "A", "Smith"),
    "García López, J.M.": (None, "M", "García López"),
    "García López, JM": (None, "M", "García López"),
    "García López, M.A.": (None, "A", "García López"),
    "van den Berg, MS": (None, "S", "van den Berg"),
    "de la Cruz, RN": (None, "N", "de la Cruz"),
    "Luis RIBARUBIAS TORRES": ("Luis", None, "Ribarubias Torres"),
    "Ng, Andrew": ("Andrew", None, "Ng"),
    "JoAnn Roe": ("JoAnn", None, "Roe"),
    "Roe, DeAnn": ("DeAnn", None, "Roe"),
}


@pytest.mark.parametrize("name", NAMES)
def test_degrees_and_titles_are_no_part_of_a_name(name: str) -> None:
    person = parse(name)
    assert person is not None
    assert (person.given_name, person.middle_initials, person.surname) == NAMES[name]
    assert person.full == name
