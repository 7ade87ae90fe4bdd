"""Run lemma under FSDP without a GPU: `accelerate launch --config_file ... tests/fsdp_on_cpu.py train ...`.

accelerate shards only what runs on an accelerator. Told that these processes do, it shards on the CPU with gloo, by the
same code.
"""

import os
import sys

import torch.distributed
from accelerate import PartialState
from accelerate.state import DistributedType

from lemma.cli import main

if __name__ == "__main__":
    os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"
    torch.distributed.init_process_group("gloo")
    PartialState._prepare_backend = lambda *_, **__: ("gloo", DistributedType.MULTI_GPU)
    sys.exit(main())
