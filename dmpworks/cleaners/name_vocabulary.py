"""Single words in names: titles, suffixes, particles, initials, words of organisations, and the usual case."""

import re


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = _set(
    """
    dr dra drs prof professor profa mr mrs ms miss mx sir dame rev reverend ir dipl-ing dipl.-ing univ-prof
    univ.-prof dott.ssa prof.ssa dr-ing dr.-ing phd assoc assist herr frau mme mlle
    """
)
# Titles only with their full stop: without it people are named so ("Ing", "Mag", "Hab").
DOTTED_TITLES = _set(
    "ing mag mgr doc lic dott rndr mudr judr phdr mvdr paeddr bc dr.hab hab inż inz arq eng hon drg hj"
)
SUFFIXES = _set(
    """
    jr jnr sr snr ii iii iv phd dphil md msc bsc mph mba dds dvm dsc esq frs obe mbe cbe llb llm pharmd msn facs
    frcp frcs junior júnior
    """
)
PARTICLES = _set(
    """
    van von der den de del della delle dei degli di da das dos do du des la las lo los le les el al bin ibn bint
    ben ter ten te tot zu zur zum vom af av ver abu ould 't
    """
)
CAPITAL_PARTICLES = _set(
    "van von der den de del della di da dos das du la le el al bin ibn ter abu st. mc ó ní uí nic بن ابن بنت آل בן בת"
)
GENERATIONS = frozenset(("filho", "neto", "sobrinho"))  # Portuguese "junior" and the like, part of the surname
JOINERS = frozenset(("y", "e", "i"))
NOBODY = frozenset(
    [
        "anonymous", "anon", "unknown", "unknown author", "no author", "no authors", "no authors listed",
        "author unknown", "et al", "others", "and others", "not available", "author", "authors", "various",
        "various authors", "none", "unav", "unkn", "n a", "anonym", "anónimo", "anonimo", "et alii",
    ]
)  # fmt: skip
VIETNAMESE_SURNAMES = _set(
    """
    nguyen tran le pham hoang huynh phan vu vo đang dang bui đo do ho ngo duong ly truong dinh đinh
    """
)
VIETNAMESE_MIDDLE = frozenset(("van", "thi", "duc", "đuc"))
KOREAN_TWO_SYLLABLES = frozenset(("남궁", "황보", "제갈", "선우", "독고", "사공", "서문"))
# Two and three letters in capitals are initials beside other words ("Smith JA"), unless they are a surname this common.
SHORT_SURNAMES = _set(
    """
    AN AO BAI BI BO CAI CUI DAI DI DO DU EO FAN FU GAO GU GUO HA HAN HE HO HU JI JIA JO KE KIM KO LE LEE LI LIM
    LIN LIU LO LU LUO LUU MA MAI MO NA NAM NG NI NIE NOH OH ORR PAN PU QI QIN QIU REN RYU SHI SI SIM SO SU SUN TAN
    TU UM VO VU WEI WEN WU XIA XIE XU XUE YE YI YIN YOO YU YUE YUN ZHU ZOU
    """
)
ACRONYMS = _set(
    """
    NASA NOAA USGS USDA CERN ESA ESO NIH EPA WHO FAO UNESCO OECD CSIRO NREL ECMWF EMBL INRAE CEA CIRAD IPCC ICES
    GBIF ICPSR US UK EU UN
    """
)
# Words that are no surnames.
ORGANISATION = _set(
    """
    academia academie academy administration agence agencia agency agenzia akademi akademia akademie archive archives
    asociacion associacao association authority biblioteca bibliotheek bibliothek bibliotheque bundesamt centre centres
    centro centrum clinic clinica collaboration commission committee company conference consejo consorcio consortium
    corporation dataverse departamento departement department direction directorate division egyetem enstitusu
    enterprise faculdade facultad faculte faculty fakultat federation fondation fondazione forschungszentrum foundation
    fundacao fundacion fundacja gemeente gesellschaft gmbh government haskoli hochschule hogeschool hogskola hogskolan
    hopital inc incorporated initiative institucio institut institute institutes institutet institution instituto
    institutt instituut instytut intezet istituto klinik klinikum laboratoire laboratories laboratorio laboratorium
    laboratory libraries limited llc ltd ministere ministerio ministerium ministry musee museo museu museum network
    observatorio observatory office org organisation organization partnership plc politechnika politecnico polytechnic
    polytechnique programme project publisher publishers publishing repository ricerche rijksmuseum secretariat services
    sjukhus sociedad sociedade societe society statistics stiftung survey sveuciliste szpital task taskforce
    tudomanyegyetem ulikool univ universidad universidade universita universitair universitaire universitario
    universitas universitat universitatea universitatsklinikum universite universiteit universitesi universitet
    universitetas universitetet universitetssjukhus universities university univerza univerzita univerzitet uniwersytet
    ustav verein vereniging workgroup yliopisto zentrum ziekenhuis
    """
)
# Words that are rare surnames: the form of the name decides between person and organisation.
MOSTLY_ORGANISATION = _set(
    """
    alliance board bureau center centers college comite conseil corp council forum hospital lab labs library service
    spital team trust
    """
)
# Words that are more frequent surnames: they count only in names of three or more words without a comma.
PERHAPS_ORGANISATION = _set(
    """
    bank church club coalition collective data field group house international national press program research school
    section station studies systems technologies union unit
    """
)
# Words that count only beside another one of these, or one of the above.
BESIDE_ORGANISATION = _set(
    """
    cancer census core european federal global health medical royal science sciences space study technology trinity
    working world
    """
)
HINTS = MOSTLY_ORGANISATION | PERHAPS_ORGANISATION | BESIDE_ORGANISATION
ORGANISATION_PARTS = (
    "大学", "大學", "研究所", "研究院", "研究室", "研究センター", "学院", "學院", "科学院", "医院", "醫院", "病院",
    "学会", "學會", "公司", "会社", "図書館", "图书馆", "天文台", "出版社", "中心", "委员会", "대학교", "대학",
    "연구소", "연구원", "과학기술원", "학회", "병원", "센터", "университет", "університет", "институт", "інститут",
    "академия", "академии", "академія", "лаборатория", "πανεπιστήμιο", "ινστιτούτο", "جامعة", "معهد", "دانشگاه",
    "אוניברסיט", "มหาวิทยาลัย", "विश्वविद्यालय",
)  # fmt: skip
# Common given names that are rarely surnames or places: one word above with only these is the name of a person.
GIVEN_NAMES = _set(
    """
    aaron adam alain alan albert alexander alexandra alexandre alfred alice alonzo amanda amy ana anders andre andrea
    andreas andrew angela anita ann anna anne annette anthony antoine antonio arthur astrid barbara beatrice benjamin
    bernard bernd betty brenda brian bruce camille carl carla carlos carmen carol caroline catherine cecile charles
    charlotte christian christina christine christopher clara claude claudia cynthia daniel daniela david deborah denise
    dennis diana diane dominique donald donna dorothy douglas edgar edith edward edwin elena elisabeth elizabeth ellen
    emily emma eric erik ernst esther eugene eva evelyn fernando francesca francesco francisco francois frank franz fred
    frederic frederick friedrich gabriel george gerald giovanni giulia giuseppe gregory guillaume hans harold harry
    heather heinrich helen henry herbert ian ingrid irene isabel ivan jack jacqueline jacques jan jane janet jason jean
    jeffrey jens jeremy jessica joan joao johann johannes john jonathan jorge jose joseph joshua juan judith julia julie
    jurgen karel karen karin karl katherine kathleen kenneth kevin klaus lars laura laurent leonard linda lisa louis
    louise lucia luigi luis manuel marco margaret maria marie mario mark marta martha mary matthew michael michel
    michelle miguel mikhail monica nancy natalia nathan nicholas nicolas nicole nikolai nils olga oliver olivier pablo
    pamela paola paolo patricia patrick paul paula pavel pedro peter petra philip philippe phillip pierre piotr rachel
    ralph raymond rebecca richard robert roger roland ronald ruth samuel sandra sara sarah sergei sharon silvia simon
    sofia sophie stefan stephanie stephen steven susan susanne sven sylvie teresa theodore thomas timothy tomas ulrich
    ursula vera vincent vladimir walter werner william wolfgang xavier yves
    """
)

_INITIALS = re.compile(r"(?:[^\W\d_]\.[-‐]?)+[^\W\d_]?|[^\W\d_](?:-[^\W\d_])?")
_VOWELS = frozenset("AEIOUYÀÁÂÃÄÅÆÈÉÊËÌÍÎÏÒÓÔÕÖØÙÚÛÜÝАЕЁИОУЫЭЮЯІЇЄ")
_PIECE = re.compile(r"[^\W\d_]+")
_MC = re.compile(r"Mc([a-z])(?=[a-z])")


def is_acronym(text: str) -> bool:
    """Return whether a name is an acronym: a known one, or some capitals without a vowel."""
    return text in ACRONYMS or (2 < len(text) < 7 and text.isalpha() and text.isupper() and not _VOWELS & set(text))


def is_acronym_beside_words(token: str) -> bool:
    """Return whether a word beside others that are not in capitals is an acronym: "MIT", "GEOTRACES", "U.S."."""
    return token.replace(".", "") in ACRONYMS or (len(token) > 2 and is_shouted(token))


def has_organisation_part(text: str) -> bool:
    """Return whether a name in a non-Latin script contains a word of organisations."""
    return not text.isascii() and any(map(text.casefold().__contains__, ORGANISATION_PARTS))


def is_title(token: str) -> bool:
    """Return whether a word before a name is a title, such as "Dr."."""
    word = token.rstrip(".").lower()
    return word in TITLES or (token.endswith(".") and word in DOTTED_TITLES)


def is_suffix(token: str) -> bool:
    """Return whether a word after a name is a suffix, such as "Jr." or "PhD"."""
    return token.replace(".", "").lower() in SUFFIXES


def is_junior(token: str) -> bool:
    """Return whether a suffix is written out, as only surnames are: "Júnior"."""
    return token.lower() in ("junior", "júnior")


def is_shouted(token: str) -> bool:
    """Return whether a word is in capitals but not initials: "SMITH", "McDONALD", "XU"."""
    letters = token.removeprefix("Mc").removeprefix("Mac").replace("-", "").replace("'", "").replace("’", "")
    if len(letters) < 2 or "." in letters or not letters.isupper():
        return False
    return len(letters) > 3 or letters in SHORT_SURNAMES or (len(letters) == 3 and bool(_VOWELS & set(letters)))


def is_initials(token: str, capitals_count: bool) -> bool:
    """Return whether a word is initials: "J.", "J", "J.-P.", "JA" (the last only beside words not in capitals)."""
    if _INITIALS.fullmatch(token):
        return True
    if not 2 <= len(token) <= 3 or not token.isalpha() or not token.isupper():
        return False
    return (capitals_count and token not in SHORT_SURNAMES) or not _VOWELS & set(token)


def usual_case(name: str) -> str:
    """Return the usual case of a name written entirely in capitals or small letters: "McDonald", "van der Berg"."""
    letters = sum(map(str.isalpha, name))
    if letters < 2 or not (name.isupper() or name.islower()):
        return name
    tokens = name.split()
    if name.islower() and len(tokens) == 1 and name in PARTICLES:
        return name
    return " ".join(_usual_word(token, last=place == len(tokens) - 1) for place, token in enumerate(tokens))


def _usual_word(token: str, last: bool) -> str:
    if token.lower() in PARTICLES and not last:
        return token.lower()
    return _MC.sub(lambda found: "Mc" + found.group(1).upper(), _PIECE.sub(_capital, token))


def _capital(found: re.Match[str]) -> str:
    # The lower case of a Turkish capital I with a dot is two characters.
    piece = found.group()
    return piece[0].title() + piece[1:].lower().replace("i̇", "i")
