import pytest

from dmpworks.cleaners.names import is_organisation, parse

ORGANISATIONS = [
    "UC Libraries 2021", "Gump South Pacific Research Station", "University of X",
    "Universitätsklinikum Schönstadt", "Borgholms universitet", "LIGO Scientific Collaboration",
    "National Park Service", "Field Museum", "NASA", "WWF", "Centers for Disease Control", "北京大学", "서울대학교",
    "Институт физики", "Wexfield University Medical Center", "Acme Ltd.",
    "Department of Physics, University of X", "European Space Agency", "National Library of Medicine", "ICPSR",
    "Church of England", "Trinity Church", "Church of Norway Research Centre", "Cambridge University Press",
    "MIT Press", "The MIT Press", "Research Team A", "U.S. Geological Survey", "US Census Bureau",
    "U.S. Forest Service", "J. Paul Getty Museum", "J. Paul Getty Trust", "Robert Koch Institute",
    "John Innes Centre", "M. D. Anderson Cancer Center", "H. Lee Moffitt Cancer Center", "Max Planck Society",
    "World Health Organization", "The ATLAS Collaboration", "ATLAS Collaboration", "GBIF.org User",
    "St. Jude Children's Research Hospital", "USGS", "CNRS", "CERN", "Wellcome Trust", "British Library",
    "British Council", "Medical Research Council", "World Economic Forum", "Rainforest Alliance",
    "National Trust", "Carter Center", "Kennedy Space Center", "Goddard Space Flight Center",
    "Pew Research Center", "Jimmy Carter Library", "Martin Luther King Library", "Smith Lab",
    "Lawrence Berkeley Lab", "GEOTRACES Team", "R Core Team", "SDSS Team", "UK Data Service", "UK Data Archive",
    "World Bank", "World Data Center", "European Union", "Roslin Research Group", "IPCC Working Group I",
    "Toolik Field Station", "Royal Bank of Canada", "Oxford University Press", "Johns Hopkins Press",
    "Wellcome Trust, London", "British Library, London", "Center for Astrophysics, Cambridge",
    "Research Center, Kyoto", "Board of Trustees, UCLA", "Ministry of Health, Kenya",
    "Centers for Disease Control and Prevention", "Sony Corp.", "Acme, Inc.", "Google LLC",
    "Bill & Melinda Gates Foundation", "Robert Wood Johnson Foundation", "Children's Hospital of Philadelphia",
    "Henry Ford Hospital", "Princess Margaret Hospital", "Linux Foundation", "Census Bureau",
    "Statistics Canada", "Forest Service", "Harvard Dataverse", "Universität Wien",
    "Technische Universität München", "Max-Planck-Institut für Physik", "Forschungszentrum Jülich",
    "Deutsches Zentrum für Luft- und Raumfahrt", "Akademie der Wissenschaften", "Statistisches Bundesamt",
    "Gesellschaft für Informatik", "Université de Paris", "Institut Pasteur",
    "Centre national de la recherche scientifique", "Musée du Louvre", "Ministère de la Culture",
    "Hôpital Necker", "Conseil national de recherches", "Bureau de recherches géologiques et minières",
    "Laboratoire d'Astrophysique", "Universidad de Chile", "Instituto de Astrofísica de Canarias",
    "Consejo Superior de Investigaciones Científicas", "Hospital Clínic", "Hospital Universitario La Paz",
    "Facultad de Ciencias", "Universidade de São Paulo", "Fundação Oswaldo Cruz",
    "Instituto Nacional de Pesquisas Espaciais", "Università di Bologna", "Politecnico di Milano",
    "Consiglio Nazionale delle Ricerche", "Istituto Nazionale di Fisica", "Universiteit Leiden",
    "Rijksmuseum Amsterdam", "Gemeente Amsterdam", "Hogeschool Utrecht", "Karolinska Institutet",
    "Kungliga Tekniska högskolan", "Universitetet i Oslo", "Københavns Universitet", "Helsingin yliopisto",
    "Háskóli Íslands", "Tartu Ülikool", "Uniwersytet Warszawski", "Instytut Fizyki", "Politechnika Gdańska",
    "Univerzita Karlova", "Ústav fyziky", "Univerza v Ljubljani", "Sveučilište u Zagrebu",
    "Magyar Tudományos Akadémia", "Eötvös Loránd Tudományegyetem", "Universitatea din București",
    "Boğaziçi Üniversitesi", "TÜBİTAK Enstitüsü", "Universitas Indonesia", "中国科学院", "清华大学出版社", "東京大学",
    "国立天文台",
    "理化学研究所", "한국과학기술원", "한국학회", "Московский государственный университет", "ИНСТИТУТ ФИЗИКИ",
    "Российская академия наук", "Київський університет", "Πανεπιστήμιο Αθηνών", "جامعة القاهرة",
    "معهد الدراسات", "دانشگاه تهران", "האוניברסיטה העברית", "มหาวิทยาลัยมหิดล", "दिल्ली विश्वविद्यालय",
    "Team, R Core", "Team, GEOTRACES", "Team, MODIS Science", "R Development Core Team",
    "GEBCO Compilation Group", "JHU Library", "U.S. Bank", "UN Forum", "Salk Center, La Jolla",
    "Cold Spring Harbor Lab", "Oak Ridge National Lab", "NCAR Library", "Wikipedia contributors Team",
    "Nature Conservancy Council",
]  # fmt: skip
PERSONS = [
    "Jane Mary Ann Doe1,2", "Mulder, S.", "David Wakeworth", "Bank, Anna",
    "House, Gregory", "Charlotte Church", "Emily Field",
    "John Press", "Steven School", "Smith", "Plato", "de la Cruz", "Qing-Long Yang", "Kowalski-Szymński, Piotr",
    "王伟", "김민수", "Иван Петров", "J. R. R. Tolkien", "El Ali, Mohammed", "", "George M. Church",
    "Church, George M.", "Church GM", "G. M. Church", "GEORGE M. CHURCH", "CHURCH George M.",
    "Frederick Edwin Church", "Alonzo Church", "William H. Press", "Press, William H.", "Christopher B. Field",
    "Field, Christopher B.", "Field CB", "Mary Ann Field", "Sally J. Field", "Field Smith, Anna",
    "Robert F. Service", "Service, Robert F.", "R. F. Service", "Service R. F.", "Robert Service",
    "Jacqueline R. Center", "Center, Jacqueline R.", "Jacqueline Center", "Dominique P. Bureau",
    "Bureau, Dominique", "Dominique Bureau", "BUREAU, Dominique", "Board, John A.", "John A. Board",
    "Jürgen Board", "M. Laurin Council", "Council, M. Laurin", "William Council", "Lab, Karel", "Karel Lab",
    "K. Lab", "Trust, Ruth", "Ruth E. Trust", "Ruth Trust", "Library, Teresa", "Teresa Library",
    "Teresa M. Library", "Alliance, J", "J. Alliance", "Anna Maria Team", "Team, Anna", "Team A. B.",
    "Maria Forum", "Forum, Maria", "Forum, M. J.", "Corp, Nadia", "Nadia A. Corp", "Antonio Hospital",
    "Hospital, Antonio", "Hospital, A.", "Clara E. Hospital", "Francesca Comite", "Comite, Francesca",
    "Conseil, Dominique", "Dominique Conseil", "Peter Bank", "Bank, Dov", "John F. Bank", "Gregory J. House",
    "Harold John House", "Mary-Ann B. House", "Club, J.", "Sarah Jane Group", "Union, Jean Pierre",
    "Jean-Pierre Union", "Jean Pierre School", "Anna B. Church", "John Paul Field", "Peter Data",
    "de la Bank, Maria", "Lena Station", "Section, Ann", "Robert Center", "Spital, Werner", "Werner Spital",
    "Ludwig van der Berg", "Conan O'Brien", "Hans-Jürgen Müller", "van 't Hoff, J. H.",
    "Muhammad ibn Musa al-Khwarizmi", "Jean D'Angelo", "Nguyễn Thị Minh Khai", "Þórdís Kolbrún R. Gylfadóttir",
    "María del Carmen Fernández López", "Kovács János", "Szent-Györgyi Albert", "王小明", "山田太郎", "Xi Jinping",
    "Madonna", "SUHARTO", "И. С. Петров", "Иван Петрович Павлов", "Γιώργος Παπαδόπουλος", "محمد بن سلمان",
    "İSMAİL YILMAZ", "Aung San Suu Kyi", "Venkatraman Ramakrishnan", "Charles, Prince of Wales", "Church GMB",
    "FIELD, Christopher", "SERVICE Robert", "Center Jacqueline", "J.-P. Bureau", "JP Bureau", "Bureau JP",
    "Hospital-López, Antonio", "Dov Bank", "Zoltan Bank",
]  # fmt: skip


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_plain_organisations(name: str) -> None:
    assert is_organisation(name)


@pytest.mark.parametrize("name", PERSONS)
def test_people_are_none(name: str) -> None:
    assert not is_organisation(name)


@pytest.mark.parametrize(
    ("name", "given", "surname"),
    [
        ("George M. Church", "George", "Church"),
        ("William H. Press", "William", "Press"),
        ("Frederick Edwin Church", "Frederick", "Church"),
        ("Service, Robert F.", "Robert", "Service"),
        ("Center, Jacqueline R.", "Jacqueline", "Center"),
        ("M. Laurin Council", None, "Council"),
    ],
)
def test_people_who_bear_a_word_of_organisations_keep_their_parts(name: str, given: str | None, surname: str) -> None:
    person = parse(name)
    assert person
    assert (person.given_name, person.surname) == (given, surname)


def test_an_organisation_has_no_parts() -> None:
    person = parse("National Library of Medicine")
    assert person
    assert (person.surname, person.full) == (None, "National Library of Medicine")
