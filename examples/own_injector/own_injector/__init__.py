"""An injector, a record kind and a model backend in a package of its own. See docs/extending.md."""
