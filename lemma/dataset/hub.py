"""Put the records on the Hugging Face Hub as a data set, with their card.

Everything that goes there is in the folder: one file a record kind, README.md with a configuration for each, and what
LLaMA-Factory reads. Uploading the same files again changes nothing.
"""

from __future__ import annotations

from pathlib import Path

from lemma.exceptions import ConfigError, LemmaError, MissingExtraError

_FILES = ("*.jsonl", "README.md", "dataset_info.json")


def push_to_hub(folder: Path, name: str) -> str:
    """Upload a folder of records to the data set `OWNER/NAME`, which is made, private, where it is not there yet.

    Gives its address. Files of record kinds that are not in the folder any more are deleted there. The key is the one
    that `hf auth login` keeps, or HF_TOKEN. Raises ConfigError for a name that can't be one, LemmaError when the Hub
    refuses or can't be reached.
    """
    try:
        from huggingface_hub import HfApi, constants
        from huggingface_hub.errors import HFValidationError, HTTPError, LocalTokenNotFoundError
    except ImportError:
        raise MissingExtraError("huggingface_hub", "data") from None

    hub = HfApi(endpoint=constants.ENDPOINT, library_name="lemma")
    try:
        address = hub.create_repo(name, repo_type="dataset", private=True, exist_ok=True)
        hub.upload_folder(
            repo_id=address.repo_id,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=list(_FILES),
            delete_patterns=list(_FILES),
            commit_message="Records made by lemma build-sft",
        )
    except HFValidationError as error:
        raise ConfigError(f"--push-to-hub {name}: {' '.join(str(error).split())}; give OWNER/NAME") from None
    except LocalTokenNotFoundError:
        raise LemmaError("--push-to-hub needs a key with the right to write: hf auth login, or HF_TOKEN") from None
    except (HTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise LemmaError(f"--push-to-hub {name}: {reason}; the records are in {folder}") from None
    return str(address)
