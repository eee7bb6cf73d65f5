# SPDX-License-Identifier: Apache-2.0
"""Reads the words of `crm configure` and makes a CIB in XML of them: the golden cases are asked of the peer with it.

A reader of its own, which shares nothing with Halyard's: when both misread a word, they would have to do so alike."""

import re
import shlex

from peer.xmlcib import Cib, element, set_pairs

SECTIONS = {"params": "instance_attributes", "meta": "meta_attributes", "utilization": "utilization",
            "attributes": "instance_attributes"}
KINDS = {"mandatory": "Mandatory", "optional": "Optional", "serialize": "Serialize"}
ROLES = {"Master": "Promoted", "Slave": "Unpromoted"}
SET_OPENS, SET_CLOSES = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
OP_ATTRIBUTES = {"interval", "timeout", "on-fail", "role", "enabled", "start-delay", "record-pending", "interval-origin",
                 "description"}
EXPRESSIONS = {"eq", "ne", "lt", "gt", "lte", "gte"}


class Misread(Exception):
    pass


def score(text):
    return {"inf": "INFINITY", "+inf": "INFINITY", "-inf": "-INFINITY"}.get(text.lower(), text)


def is_pair(word):
    return re.match(r"[\w$#.-]+=", word) is not None


def pair(word):
    name, _, value = word.partition("=")
    return name.lstrip("$"), value


def statements(text):
    joined = re.sub(r"\\[ \t]*\n", " ", text)
    for line in joined.split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            yield shlex.split(line)


class Words:
    def __init__(self, words):
        self.words, self.at = words, 0

    def __bool__(self):
        return self.at < len(self.words)

    def peek(self):
        return self.words[self.at] if self else None

    def next(self):
        if not self:
            raise Misread(f"the statement ends too early: {' '.join(self.words)}")
        self.at += 1
        return self.words[self.at - 1]

    def rest(self):
        left, self.at = self.words[self.at:], len(self.words)
        return left


class Reader:
    """Statements may come in any order: what is in a group or a clone moves there at the end."""

    def __init__(self, text):
        self.cib = Cib()
        self.parts = {}  # id -> its group or clone element
        for words in statements(text):
            words = Words(words)
            kind = words.next()
            handler = getattr(self, "read_" + kind, None)
            if handler is None:
                raise Misread(f"what is {kind}?")
            handler(words)
        for ident, parent in self.parts.items():
            child = next((e for e in self.cib.part("resources") if e.get("id") == ident), None)
            if child is not None:
                self.cib.part("resources").remove(child)
                parent.append(child)

    # ---- sections

    def sections(self, words, parent, ident):
        numbers = {}
        while words:
            word = words.next()
            if word in SECTIONS:
                tag = SECTIONS[word]
                numbers[tag] = numbers.get(tag, 0) + 1
                self.attribute_set(words, parent, tag, f"{ident}-{word}{numbers[tag] if numbers[tag] > 1 else ''}")
            elif word == "op":
                self.operation(words, parent, ident)
            elif word == "operations":
                while words and is_pair(words.peek()):
                    words.next()
            elif is_pair(word) and pair(word)[0] == "description":
                continue
            else:
                raise Misread(f"{ident}: what is {word}?")

    def attribute_set(self, words, parent, tag, ident):
        block = element(parent, tag, id=ident)
        if words.peek() and re.fullmatch(r"[+-]?(\d+|inf):", words.peek()):
            block.set("score", score(words.next()[:-1]))
        elif words.peek() and words.peek().startswith("score="):
            block.set("score", score(pair(words.next())[1]))
        if words.peek() == "rule":
            words.next()
            self.rule(words, block, f"{ident}-rule", stop_at_pairs=True)
        pairs = {}
        while words and is_pair(words.peek()):
            name, value = pair(words.next())
            pairs[name] = value
        for name, value in pairs.items():
            element(block, "nvpair", id=f"{ident}-{re.sub('[^A-Za-z0-9.-]', '_', name)}", name=name, value=value)

    def operation(self, words, parent, ident):
        operations = parent.find("operations")
        if operations is None:
            operations = element(parent, "operations")
        name, attributes = words.next(), {}
        while words and is_pair(words.peek()):
            key, value = pair(words.next())
            attributes[key] = ROLES.get(value, value) if key == "role" else value
        attributes.setdefault("interval", "0")
        number = len(operations) + 1
        operation = element(operations, "op", id=f"{ident}-op{number}", name=name)
        extra = {key: value for key, value in attributes.items() if key not in OP_ATTRIBUTES}
        for key, value in attributes.items():
            if key not in extra:
                operation.set(key, value)
        if extra:
            set_pairs(operation, "instance_attributes", f"{ident}-op{number}-extra", extra)
        while words.peek() in ("op_params", "op_meta"):
            tag = "instance_attributes" if words.next() == "op_params" else "meta_attributes"
            self.attribute_set(words, operation, tag, f"{ident}-op{number}-{tag}")

    # ---- objects

    def read_node(self, words):
        name = words.next()
        number = len(self.cib.part("nodes")) + 1
        if name.endswith(":"):
            number, name = name[:-1], words.next()
        node = element(self.cib.part("nodes"), "node", id=number, uname=name.partition(":")[0])
        self.sections(words, node, node.get("uname"))

    def read_primitive(self, words, tag="primitive"):
        ident, agent = words.next(), words.next()
        primitive = element(self.cib.part("resources"), tag, id=ident)
        if agent.startswith("@"):
            primitive.set("template", agent[1:])
        else:
            parts = agent.split(":")
            if len(parts) == 1:
                parts = ["ocf", "heartbeat", *parts]
            primitive.set("class", parts[0])
            if len(parts) == 3:
                primitive.set("provider", parts[1])
            primitive.set("type", parts[-1])
        self.sections(words, primitive, ident)

    def read_rsc_template(self, words):
        self.read_primitive(words, "template")

    def read_group(self, words):
        ident = words.next()
        group = element(self.cib.part("resources"), "group", id=ident)
        while words and words.peek() not in SECTIONS:
            self.parts[words.next()] = group
        self.sections(words, group, ident)

    def read_clone(self, words, promotable=False):
        ident = words.next()
        clone = element(self.cib.part("resources"), "clone", id=ident)
        self.parts[words.next()] = clone
        self.sections(words, clone, ident)
        if promotable:
            set_pairs(clone, "meta_attributes", f"{ident}-ms", {"promotable": "true"})

    def read_ms(self, words):
        self.read_clone(words, promotable=True)

    def read_tag(self, words):
        tag = element(self.cib.part("tags"), "tag", id=words.next().rstrip(":"))
        for name in words.rest():
            if name != ":":
                element(tag, "obj_ref", id=name)

    def read_property(self, words):
        for word in words.rest():
            name, value = pair(word)
            if name != "id":
                self.cib.property(name, value)

    def defaults(self, words, part):
        pairs = {}
        if words.peek() and words.peek().startswith("$id="):
            words.next()
        while words:
            if words.peek() == "rule":
                words.at -= 0
                self.attribute_set(words, self.cib.part(part), "meta_attributes", f"{part}-{len(self.cib.part(part)) + 1}")
                return
            name, value = pair(words.next())
            pairs[name] = value
        set_pairs(self.cib.part(part), "meta_attributes", part, pairs)

    def read_rsc_defaults(self, words):
        self.defaults(words, "rsc_defaults")

    def read_op_defaults(self, words):
        self.defaults(words, "op_defaults")

    # ---- rules

    def rule(self, words, parent, ident, stop_at_pairs=False):
        rule = element(parent, "rule", id=ident)
        while words and (words.peek().startswith("$") or re.match(r"role=", words.peek())):
            name, value = pair(words.next())
            if name != "id":
                rule.set(name, ROLES.get(value, value))
        if words.peek() and words.peek().endswith(":") and len(words.peek()) > 1:
            value = score(words.next()[:-1])
            rule.set("score" if re.fullmatch(r"[+-]?(\d+|INFINITY)", value) else "score-attribute", value)
        elif not stop_at_pairs:
            rule.set("score", "INFINITY")
        self.expressions(words, rule, ident, stop_at_pairs)

    def expressions(self, words, rule, ident, stop_at_pairs):
        number = 0
        while words:
            word = words.peek()
            if word in ("and", "or"):
                rule.set("boolean-op", words.next())
                continue
            if word in (")", "rule") or (stop_at_pairs and is_pair(word)):
                break
            number += 1
            self.expression(words, rule, f"{ident}-e{number}")
        if rule.get("boolean-op") == "and":
            del rule.attrib["boolean-op"]

    def expression(self, words, rule, ident):
        word = words.next()
        if word == "(":
            inner = element(rule, "rule", id=ident)
            self.expressions(words, inner, ident, False)
            words.next()
        elif word in ("defined", "not_defined"):
            element(rule, "expression", id=ident, operation=word, attribute=words.next())
        elif word == "date":
            self.date(words, rule, ident)
        elif word == "rsc_type":
            parts = words.next().split(":")
            element(rule, "rsc_expression", id=ident, class_=parts[0] or None, type=parts[-1] or None, provider=parts[1]
                    if len(parts) == 3 else None)
        elif word == "op_type":
            name = words.next()
            interval = pair(words.next())[1] if words and words.peek().startswith("interval=") else None
            element(rule, "op_expression", id=ident, name=name, interval=interval)
        else:
            self.attribute_expression(words, rule, ident, word)

    @staticmethod
    def attribute_expression(words, rule, ident, attribute):
        operation, kind = words.next(), None
        if ":" in operation:
            kind, operation = operation.split(":")
        if operation not in EXPRESSIONS:
            raise Misread(f"what is {operation}?")
        value, source = words.next(), None
        if re.match(r"(param|meta):", value):
            source, value = value.split(":", 1)
        element(rule, "expression", id=ident, attribute=attribute, operation=operation, type=kind, value=value,
                value__source=source)

    @staticmethod
    def date(words, rule, ident):
        operation = words.next()
        if operation in ("lt", "gt"):
            element(rule, "date_expression", id=ident, operation=operation,
                    **{"start" if operation == "gt" else "end": words.next()})
            return
        pairs = {}
        if operation == "in":
            pairs = dict(start=pair(words.next())[1]) if is_pair(words.peek()) else {}
        inner = []
        while words and is_pair(words.peek()):
            inner.append(pair(words.next()))
        if operation in ("spec", "date_spec"):
            date = element(rule, "date_expression", id=ident, operation="date_spec")
            element(date, "date_spec", id=f"{ident}-spec", **dict(inner))
            return
        date = element(rule, "date_expression", id=ident, operation="in_range", **pairs)
        if inner and inner[0][0] in ("start", "end"):
            for name, value in inner:
                date.set(name, value)
        elif inner:
            element(date, "duration", id=f"{ident}-duration", **dict(inner))

    # ---- constraints

    @staticmethod
    def role(reference):
        name, _, role = reference.partition(":")
        return name, ROLES.get(role, role) or None

    def sets(self, words, parent, ident, attribute):
        """A B ( C D ) [ E F ]: sets of resources, those outside of brackets in one set."""
        number, current, closes = 0, None, None
        while words:
            word = words.peek()
            if is_pair(word) and closes is None:
                break
            words.next()
            if word in SET_OPENS:
                number += 1
                current, closes = element(parent, "resource_set", id=f"{ident}-{number}"), SET_OPENS[word]
                if word in "([":
                    current.set("sequential", "false")
                if word == "[":
                    current.set("require-all", "false")
            elif word in SET_CLOSES:
                current, closes = None, None
            elif closes and is_pair(word):
                current.set(*pair(word))
            else:
                name, role = self.role(word)
                if current is None or (len(current) and current.get(attribute) != role):
                    number += 1
                    flags = {} if current is None else {k: v for k, v in current.attrib.items()
                                                        if k in ("sequential", "require-all")}
                    current = element(parent, "resource_set", id=f"{ident}-{number}")
                    current.attrib.update(flags)
                if role:
                    current.set(attribute, role)
                element(current, "resource_ref", id=name)

    def read_location(self, words):
        ident, rsc = words.next(), words.next()
        location = element(self.cib.part("constraints"), "rsc_location", id=ident)
        if rsc.startswith("/"):
            location.set("rsc-pattern", rsc.strip("/"))
        elif rsc == "{":
            block = element(location, "resource_set", id=f"{ident}-set")
            while words.peek() != "}":
                element(block, "resource_ref", id=words.next())
            words.next()
        else:
            location.set("rsc", rsc)
        number = 0
        while words:
            word = words.next()
            if word == "rule":
                number += 1
                self.rule(words, location, f"{ident}-rule{number}")
            elif is_pair(word):
                name, value = pair(word)
                location.set(name, ROLES.get(value, value))
            else:
                location.set("score", score(word.rstrip(":")))
                location.set("node", words.next())

    def read_colocation(self, words):
        ident = words.next()
        colocation = element(self.cib.part("constraints"), "rsc_colocation", id=ident, score=score(words.next().rstrip(":")))
        left = [w for w in words.words[words.at:] if not is_pair(w)]
        if len(left) == 2:
            for prefix in ("rsc", "with-rsc"):
                name, role = self.role(words.next())
                colocation.set(prefix, name)
                if role:
                    colocation.set(f"{prefix}-role", role)
        else:
            self.sets(words, colocation, ident, "role")
        for word in words.rest():
            colocation.set(*pair(word))

    read_collocation = read_colocation

    def read_order(self, words):
        ident, kind = words.next(), "Mandatory"
        if words.peek().endswith(":"):
            said = words.next()[:-1]
            kind = KINDS.get(said.lower()) or ("Optional" if said == "0" else "Mandatory")
        order = element(self.cib.part("constraints"), "rsc_order", id=ident, kind=kind)
        left = [w for w in words.words[words.at:] if not is_pair(w)]
        if len(left) == 2 and not set(left) & set(SET_OPENS):
            for prefix in ("first", "then"):
                name, _, action = words.next().partition(":")
                order.set(prefix, name)
                if action:
                    order.set(f"{prefix}-action", action)
        else:
            self.sets(words, order, ident, "action")
        for word in words.rest():
            order.set(*pair(word))

    def read_rsc_ticket(self, words):
        ident, ticket = words.next(), words.next().rstrip(":")
        constraint = element(self.cib.part("constraints"), "rsc_ticket", id=ident, ticket=ticket)
        left = [w for w in words.words[words.at:] if not is_pair(w)]
        if len(left) == 1:
            name, role = self.role(words.next())
            constraint.set("rsc", name)
            if role:
                constraint.set("rsc-role", role)
        else:
            self.sets(words, constraint, ident, "role")
        for word in words.rest():
            constraint.set(*pair(word))


def read(text):
    return Reader(text).cib
