"""Judge claims from a script or a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.engines.opening import check_engine
from neuronclaims.engines.remote.whole_run import WHOLE_RUN
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.judging.verdicts import broken
from neuronclaims.models.bringing.handed import LoadedModel
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import label
from neuronclaims.naming import file_name
from neuronclaims.results import Result
from neuronclaims.scripting.cache_folder import cache_of
from neuronclaims.scripting.given import Claims, GivenError, files_of
from neuronclaims.scripting.judgements import Judgements
from neuronclaims.scripting.progress_bar import ProgressBar
from neuronclaims.study import Study

Model: TypeAlias = "str | PathLike[str] | LoadedModel"
"""The name of a model, its folder, or a model that is loaded."""

HANDED = "model"
"""The name of a model object that is handed over without one."""


@dataclass(frozen=True, slots=True)
class Allow:
    """What may be used that is refused by default.

    ``download``: models of the Hugging Face hub that are not on this machine are fetched. ``trusted_cache``: a cache is
    read that others may have written into (docs/reliability.md). ``prompt_folders``: files of prompts may lie in these
    folders outside of the project.
    """

    download: bool = False
    trusted_cache: bool = False
    prompt_folders: tuple[str | PathLike[str], ...] = ()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of prompts, as paths."""
        return tuple(map(Path, self.prompt_folders))


NOTHING = Allow()
"""Nothing that is refused by default is allowed."""


def judge(
    what: Claims,
    model: Model | None = None,
    *,
    models: Mapping[str, Model] | None = None,
    cache: str | PathLike[str] | bool | None = True,
    options: RunOptions | None = None,
    allow: Allow = NOTHING,
    progress: bool | Callable[[Progress], None] | None = None,
    **keys: object,
) -> Judgements:
    """Test claims and return what they come to, in their order.

    ``what`` is the path of a claim file or of a folder of them, the text of one, a mapping with its keys, or one or
    several sentences. ``keys`` are keys of a claim file, ``sets``, ``site``, ``tokens`` and so on, where ``what``
    leaves them out; values may be arrays, and tables of pandas or polars.

    ``model`` is a name, a folder or a loaded model; a claim file that names models is tested on all of them where it is
    None. ``models`` gives objects or folders for the names that claim files use. ``cache`` keeps measured values: True
    for the cache that pytest uses in this project, a folder, or None for none. ``allow`` permits what is refused by
    default, such as downloads. ``progress`` shows a bar with the time left: in terminals and notebooks if None, never
    if False; or it is called with each step. ``options`` says how models run, and by what engine (docs/scale.md).

    What was judged before on a model that is a folder, and of which nothing has changed since, is known from ``cache``
    and not judged again, unless ``fresh=True`` asks for it.

    Raises GivenError for what is no claim, ClaimFileError for claims that cannot be read, NeuronClaimsError for a model
    that cannot be used where it is the only one. What is wrong with one of several models is in its claims' results.

    >>> found = judge(
    ...     "neuron 2:340 activates more for hanoi than baseline",
    ...     model="demo", site="mlp_post", tokens="mean of prompt", cache=None,
    ...     sets={"hanoi": ["Tom flew to Hanoi.", "Hanoi is old.", "Maria took the train to Hanoi.", "He left Hanoi."],
    ...           "baseline": ["The fox jumps.", "We painted the kitchen.", "He forgot his hat.", "She closed it."]},
    ... )
    >>> found[0].verdict, found[0].evidence.counts
    ('supported', (('hanoi', 4), ('baseline', 4)))
    """
    fresh = keys.pop("fresh", False)
    _refuse_wrong_types(models, cache, options, allow)
    _refuse_wrong_run(fresh, options)
    spec, objects = named_models(model, models or {})
    files = files_of(what, [spec] if spec else list(objects), keys, allow.folders)
    bar = ProgressBar(always=progress is True) if progress in (None, True) else None
    study = Study(
        cache=cache_folder(cache, files[0].path),
        options=options,
        trust_cache=allow.trusted_cache,
        download=allow.download,
        models=objects,
        progress=bar if bar is not None else progress if callable(progress) else None,
    )
    study.heat_maps, study.verdicts = "auto", "fresh" if fresh else "kept"
    asked = [(file, name) for file in files for name in ((spec,) if spec else file.models)]
    with bar or nullcontext(), WHOLE_RUN.joined():
        for file, name in asked:
            study.expect(file, name)
        return Judgements(
            result for file, name in asked for result in _results(study, file, name, alone=len(asked) == 1)
        )


def read_claims(what: Claims, *, allow: Allow = NOTHING, **keys: object) -> list[ClaimFile]:
    """Read claims as ``judge`` does, without any model: a claim file for each path, one for all else.

    Raises GivenError and ClaimFileError as ``judge`` does.

    >>> file, = read_claims({"models": ["demo"], "claims": ['neuron 2:340 writes " Hanoi" more than 99% of tokens']},
    ...                     site="mlp_post")
    >>> file.claims[0].text
    'neuron 2:340 writes " Hanoi" more than 99% of tokens'
    """
    return files_of(what, [], keys, allow.folders)


def _results(study: Study, file: ClaimFile, name: str, *, alone: bool) -> list[Result]:
    """Return the results of a file on a model, with the names of file and model that reports and baselines have."""
    try:
        found = list(study.judge(file, name).values())
    except NeuronClaimsError as error:
        if alone:
            raise
        found = [broken(label(name), claim, str(error)) for claim in file.claims]
    if not file.path.is_file():
        return found
    return [replace(result, file=file_name(file.path)) for result in found]


def _refuse_wrong_types(models: object, cache: object, options: object, allow: object) -> None:
    """Raise GivenError, which says what to give, for an argument of a wrong type."""
    if models is not None and not isinstance(models, Mapping):
        raise GivenError(
            f"models={models!r}: give a mapping, {{'ours': 'path/to/folder'}}; to test several models by name, give a "
            "mapping with the keys of a claim file: {'models': ['a', 'b'], 'claims': [...]}."
        )
    if not isinstance(cache, (str, PathLike, bool, type(None))):
        raise GivenError(f"cache={cache!r}: give a folder, True for the cache that pytest uses, or None.")
    if not isinstance(options, (RunOptions, type(None))):
        raise GivenError(f"options={options!r}: give RunOptions(...), such as RunOptions(dtype='bfloat16').")
    if not isinstance(allow, Allow):
        raise GivenError(f"allow={allow!r}: give Allow(...), such as Allow(download=True).")


def _refuse_wrong_run(fresh: object, options: RunOptions | None) -> None:
    if not isinstance(fresh, bool):
        raise GivenError(f"fresh={fresh!r}: give True to judge anew what was judged before, or False.")
    if options is not None:
        check_engine(options.engine)


def named_models(
    model: Model | None, models: Mapping[str, Model]
) -> tuple[str | None, dict[str, LoadedModel | Path]]:
    """Return the name of the model that is asked for, and what is handed over by name."""
    objects = {
        name: Path(given) if isinstance(given, (str, PathLike)) else given for name, given in models.items()
    }
    if model is None or isinstance(model, str):
        return model, objects
    if isinstance(model, PathLike):
        return str(Path(model).absolute()), objects
    if not isinstance(model, LoadedModel):
        raise GivenError(
            f"What is given is no model ({type(model).__name__}): give a name, a folder, or "
            "LoadedModel(model, tokenizer)."
        )
    return HANDED, {**objects, HANDED: model}


def cache_folder(cache: str | PathLike[str] | bool | None, file: Path) -> Path | None:
    """Return where values are kept for a claim file: True stands for the cache that pytest uses in its project."""
    if cache is None or cache is False:
        return None
    if cache is True:
        return cache_of(PromptFolders.around(file).root)
    return Path(cache)
