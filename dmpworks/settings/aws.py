"""The `AWS_*` variables of the file of settings, for the libraries that read such variables by themselves.

boto3 and obstore look at the environment of the process only. So the variables of the file are put there, once, where
the file is read: every client, and every process that a local run starts, then uses the same account.
"""

from collections.abc import Mapping, MutableMapping

from dmpworks.errors import SettingsError

PREFIX = "AWS_"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
# Sources of credentials exclude each other: keys of the file must not be mixed with the profile of a shell.
CREDENTIALS = (
    *KEYS,
    *PROFILES,
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def used_of_file(file: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the `AWS_*` variables of the file that the environment does not overrule.

    An environment that names any source of credentials overrules all those of the file.
    """
    overruled = set(CREDENTIALS) if any(environ.get(name) for name in CREDENTIALS) else set()
    return {
        name: value
        for name, value in file.items()
        if name.startswith(PREFIX) and value and not environ.get(name) and name not in overruled
    }


def hand_to_libraries(file: Mapping[str, str], file_name: str, environ: MutableMapping[str, str]) -> None:
    """Put the `AWS_*` variables of the file into the environment; raises SettingsError if they contradict each other.

    boto3 would silently prefer keys to a profile.
    """
    profile = next((name for name in PROFILES if file.get(name)), None)
    if profile and (keys := [name for name in KEYS if file.get(name)]):
        raise SettingsError(
            f"{profile} and {keys[0]} are both set, and only one of them can be used",
            on=file_name,
            next="keep the profile, or the keys",
        )
    environ.update(used_of_file(file, environ))
