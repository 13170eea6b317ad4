"""Where Hokusai answers otherwise than the real server, on purpose.

(scenario, step label): reason. The suite fails when such a step is *not* different any more, so that the list stays true.
"""

KNOWN: dict[tuple[str, str], str] = {}
