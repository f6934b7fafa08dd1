"""The rules of Jenkins' junit-10.xsd, as of its xUnit plugin: which elements, where, with which attributes.

Every attribute is text but `time` of suites; nowhere does the order of an element's children matter.
"""

import re
from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass(frozen=True)
class Rule:
    """Of an element."""

    children: frozenset = frozenset()
    required: frozenset = frozenset()
    optional: frozenset = frozenset()
    has_text: bool = False
    once: frozenset = frozenset()  # children of which there is at most one


def names(words):
    return frozenset(words.split())


OUTCOME = Rule(optional=names("type message"), has_text=True)
OUTPUT = Rule(has_text=True)
RERUN = Rule(
    children=names("stackTrace system-out system-err"), once=names("stackTrace system-out system-err"),
    required=names("type"), optional=names("message"), has_text=True,
)  # fmt: skip
RERUNS = dict.fromkeys(names("rerunFailure rerunError flakyFailure flakyError"), RERUN)
RULES = {
    "testsuites": Rule(children=names("testsuite"), optional=names("name time tests failures errors")),
    "testsuite": Rule(
        children=names("testsuite properties testcase system-out system-err"),
        required=names("name tests failures errors"),
        optional=names("group time skipped timestamp hostname id package file log url"),
    ),
    "testcase": Rule(
        children=names("skipped error failure system-out system-err") | RERUNS.keys(),
        required=names("name"),
        optional=names("time classname group"),
    ),
    "properties": Rule(children=names("property")),
    "property": Rule(required=names("name value")),
    **dict.fromkeys(("failure", "error", "skipped"), OUTCOME),
    **dict.fromkeys(("system-out", "system-err", "stackTrace"), OUTPUT),
    **RERUNS,
}
ROOTS = names("testsuites testsuite")
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def problems(xml):
    """What a document, as bytes, has against the rules; ElementTree.ParseError where it is no XML at all."""
    root = ElementTree.fromstring(xml)
    found = [] if root.tag in ROOTS else [f"the root is <{root.tag}>"]
    for element in root.iter():
        found += problems_of(element)
    return found


def problems_of(element):
    rule = RULES.get(element.tag)
    if rule is None:
        return [f"<{element.tag}> is unknown"]
    given = set(element.keys())
    found = [f"<{element.tag}> lacks {name}" for name in sorted(rule.required - given)]
    found += [f"<{element.tag}> may not have {name}" for name in sorted(given - rule.required - rule.optional)]
    tags = [child.tag for child in element]
    found += [f"<{tag}> in <{element.tag}>" for tag in tags if tag not in rule.children]
    found += [f"<{tag}> twice in <{element.tag}>" for tag in rule.once if tags.count(tag) > 1]
    between = [element.text, *(child.tail for child in element)]
    if not rule.has_text and any(text and text.strip() for text in between):
        found.append(f"text in <{element.tag}>")
    if element.tag in ROOTS and not TIME.fullmatch(element.get("time", "")):
        found.append(f"<{element.tag}> has the time {element.get('time')!r}")
    return found
