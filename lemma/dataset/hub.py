"""Upload the records to the Hugging Face Hub as a data set, with their card.

Everything uploaded is in the folder: one file per record kind, README.md with a configuration for each, and the file
that LLaMA-Factory reads. Uploading the same files again changes nothing.
"""

from __future__ import annotations

from pathlib import Path

from lemma.exceptions import ConfigError, LemmaError, MissingExtraError

_FILES = ("*.jsonl", "README.md", "dataset_info.json")


def push_to_hub(folder: Path, name: str) -> str:
    """Upload a folder of records to the data set `OWNER/NAME`, and return its address.

    A new data set is private. Files of record kinds that are no longer in the folder are deleted on the Hub. The key is
    the one of `hf auth login`, or HF_TOKEN. Raises ConfigError if the name is invalid, LemmaError if the Hub refuses
    the upload or cannot be reached.
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
        raise LemmaError("--push-to-hub needs a key with write access: run `hf auth login`, or set HF_TOKEN") from None
    except (HTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise LemmaError(f"--push-to-hub {name}: {reason}; the records are in {folder}") from None
    return str(address)
