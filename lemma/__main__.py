"""`python -m lemma` is `lemma`: the form that `accelerate launch -m lemma` needs."""

from lemma.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
