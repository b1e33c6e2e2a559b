"""How a plan is come by: part by part, from what is kept of earlier runs, else converted, in several processes."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence

from migrator.conversion import Conversion, Options, join
from migrator.workspace.plans import Plans

Part = tuple[str, ...]  # the paths of one part of a tree

# Another process costs about half a second before it converts anything; below this many characters of text that it
# would take over, it costs more than it saves (measured: 60,000 characters are converted in about as long).
WORTH_A_PROCESS = 60_000

# Trees and facts of a conversion live until its end, and looking them through for garbage took a third of its time
# (one tree of 38 programs: 1,733 lines/s, 2,331 without). Above this many characters of text memory comes first.
COLLECTED_FROM = 4_000_000


def plan(sources: Mapping[str, str], options: Options, jobs: int = 1, plans: Plans | None = None) -> Conversion:
    """The same as `convert(sources, options)`, in less time where it can be."""
    parts = plans.parts(sources) if plans is not None else None
    if parts is None:
        parts = _parts(sources)
        if plans is not None:
            plans.keep_parts(sources, parts)
    found: dict[Part, Conversion] = {}
    missing: list[Part] = []
    for part in parts:
        kept = plans.plan(_texts(sources, part), narrowed(options, part)) if plans is not None else None
        if kept is None:
            missing.append(part)
        else:
            found[part] = kept
    for part, conversion in _converted(sources, options, missing, jobs):
        found[part] = conversion
        if plans is not None:
            plans.keep(_texts(sources, part), narrowed(options, part), conversion)
    if plans is not None and missing:
        plans.prune()
    return join([found[part] for part in parts])


def leave_garbage(sources: Mapping[str, str]) -> None:
    """Turns the collector of cyclic garbage off in this process, which ends soon after it has planned."""
    if sum(map(len, sources.values())) < COLLECTED_FROM:
        gc.disable()


def narrowed(options: Options, part: Part) -> Options:
    """The options with what concerns one part alone, so that its plan is the same whatever else was named or held."""
    paths = frozenset(part)
    editable = None if options.editable is None or paths <= options.editable else options.editable & paths
    excluded = frozenset(group for group in options.excluded_groups if group.rsplit(":", 1)[0] in paths)
    return dataclasses.replace(options, editable=editable, excluded_groups=excluded)


def _parts(sources: Mapping[str, str]) -> list[Part]:
    from migrator.source.components import components
    from migrator.source.project import Project

    return components(Project(sources))


def _texts(sources: Mapping[str, str], part: Part) -> dict[str, str]:
    return {path: sources[path] for path in part}


def _converted(
    sources: Mapping[str, str], options: Options, parts: Sequence[Part], jobs: int
) -> Iterator[tuple[Part, Conversion]]:
    """Every part with its plan, as they are made."""
    sizes = {part: sum(len(sources[path]) for path in part) for part in parts}
    largest_first = sorted(parts, key=lambda part: (-sizes[part], part))
    taken_over = sum(sizes.values()) - max(sum(sizes.values()) // jobs, max(sizes.values(), default=0))
    done: set[Part] = set()
    if jobs > 1 and taken_over >= WORTH_A_PROCESS:
        try:
            for part, conversion in _in_processes(sources, options, largest_first, jobs - 1):
                done.add(part)
                yield part, conversion
        except (OSError, concurrent.futures.BrokenExecutor):
            pass  # a machine without semaphores, or one that killed a process for memory: the rest is done here
    for part in parts:
        if part not in done:
            yield part, _convert(_texts(sources, part), narrowed(options, part))


def _in_processes(
    sources: Mapping[str, str], options: Options, parts: Sequence[Part], others: int
) -> Iterator[tuple[Part, Conversion]]:
    """The plans of the parts, made by this process and `others`, each taking what no other has begun.

    New processes are spawned, not forked: a thread of this one (the progress line) may hold a lock at that moment,
    which nobody would ever release in the copy.
    """
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(others, context, _begin, (gc.isenabled(),)) as pool:
        try:
            begun = {part: pool.submit(_convert, _texts(sources, part), narrowed(options, part)) for part in parts}
            for part in reversed(parts):
                if begun[part].cancel():
                    yield part, _convert(_texts(sources, part), narrowed(options, part))
            for part, future in begun.items():
                if not future.cancelled():
                    yield part, future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin(collects: bool) -> None:
    """A process of the pool collects garbage if the one that began it does, leaves it interrupts, ends with it."""
    if not collects:
        gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch(sentinel: int) -> None:
        multiprocessing.connection.wait([sentinel])
        os._exit(1)

    if parent is not None:
        threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()


def _convert(sources: Mapping[str, str], options: Options) -> Conversion:
    from migrator.convert import convert_part

    return convert_part(sources, options)
