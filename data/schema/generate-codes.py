#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the C enum, the C table and the manual's table from codes.json.

generate-codes.py CODES header|source|manual|sentences OUTPUT
"""

import json
import sys

SEVERITIES = ("blocker", "warning", "note")
CONSENTS = ("close", "end-session", "let-open", "may-not-return")
KINDS = ("finding", "step", "result", "client")

LICENCE = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n/* Generated from codes.json: edit that. */\n"


def c_name(word):
    return word.upper().replace("-", "_")


def c_string(text):
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped + '"'


def c_sentence(text):
    return "NULL" if text is None else "N_ (" + c_string(text) + ")"


def check(codes):
    seen = set()
    for code in codes:
        name = code["code"]
        if name in seen:
            sys.exit(f"codes.json: '{name}' is there twice")
        seen.add(name)
        if code["kind"] not in KINDS:
            sys.exit(f"codes.json: '{name}' has the unknown kind '{code['kind']}'")
        if (code["kind"] == "finding") != (code["severity"] in SEVERITIES):
            sys.exit(f"codes.json: '{name}' has a severity that does not fit its kind")
        if code["consent"] is not None and code["consent"] not in CONSENTS:
            sys.exit(f"codes.json: '{name}' has the unknown consent '{code['consent']}'")
        for sentence in (code["title"], code["text"], code["remedy"]):
            rest = sentence or ""
            for arg in code["args"]:
                rest = rest.replace("{" + arg + "}", "")
            if "{" in rest or "}" in rest:
                sys.exit(f"codes.json: '{name}' names an argument that it does not have: {sentence}")


def header(codes):
    lines = [LICENCE + "#pragma once\n\n#include <glib.h>\n\nG_BEGIN_DECLS\n\n"]
    lines.append("typedef enum\n{\n  BATON_SEVERITY_NONE,\n")
    lines += [f"  BATON_SEVERITY_{c_name(s)},\n" for s in SEVERITIES]
    lines.append("} BatonSeverity;\n\ntypedef enum\n{\n  BATON_CONSENT_NONE,\n")
    lines += [f"  BATON_CONSENT_{c_name(c)},\n" for c in CONSENTS]
    lines.append("} BatonConsent;\n\ntypedef enum\n{\n")
    lines += [f"  BATON_CODE_KIND_{c_name(k)},\n" for k in KINDS]
    lines.append("} BatonCodeKind;\n\n/* BATON_CODE_NONE is null on the wire. */\ntypedef enum\n{\n  BATON_CODE_NONE,\n")
    lines += [f"  BATON_CODE_{c_name(c['code'])},\n" for c in codes]
    lines.append("  BATON_N_CODES,\n} BatonCode;\n\n")
    lines.append(
        "/**\n * BatonCodeInfo:\n * @name: the code as it is written in the protocol\n"
        " * @args: its arguments' keys, %NULL-terminated\n"
        " * @title: a heading for a window; msgid\n"
        " * @text: a sentence with {key} for each argument; msgid\n"
        " * @remedy: what to do about it; msgid, or %NULL\n */\n"
        "typedef struct\n{\n  const char *name;\n  BatonCodeKind kind;\n  BatonSeverity severity;\n"
        "  BatonConsent consent;\n  const char *const *args;\n  const char *title;\n  const char *text;\n"
        "  const char *remedy;\n} BatonCodeInfo;\n\n"
        "const BatonCodeInfo *baton_code_get_info (BatonCode code);\n\n"
        "gboolean baton_code_from_string (const char *name, BatonCode *ret_code);\n\n"
        "const char *baton_severity_to_string (BatonSeverity severity);\n\n"
        "const char *baton_consent_to_string (BatonConsent consent);\n\n"
        "G_END_DECLS\n")
    return "".join(lines)


def source(codes):
    lines = [LICENCE + '#include "config.h"\n\n#include "baton-codes.h"\n\n#define N_(text) text\n\n']
    lines.append("static const BatonCodeInfo infos[BATON_N_CODES] = {\n")
    for code in codes:
        args = ", ".join([c_string(a) for a in code["args"]] + ["NULL"])
        severity = c_name(code["severity"]) if code["severity"] else "NONE"
        consent = c_name(code["consent"]) if code["consent"] else "NONE"
        lines.append(
            f"  [BATON_CODE_{c_name(code['code'])}] = {{\n"
            f"    {c_string(code['code'])}, BATON_CODE_KIND_{c_name(code['kind'])},\n"
            f"    BATON_SEVERITY_{severity}, BATON_CONSENT_{consent},\n"
            f"    (const char *const[]){{ {args} }},\n"
            f"    {c_sentence(code['title'])},\n    {c_sentence(code['text'])},\n"
            f"    {c_sentence(code['remedy'])},\n  }},\n")
    lines.append("};\n\n")
    lines.append(
        "const BatonCodeInfo *\nbaton_code_get_info (BatonCode code)\n{\n"
        "  if (code <= BATON_CODE_NONE || code >= BATON_N_CODES)\n    return NULL;\n\n"
        "  return &infos[code];\n}\n\n"
        "gboolean\nbaton_code_from_string (const char *name, BatonCode *ret_code)\n{\n"
        "  for (guint i = BATON_CODE_NONE + 1; i < BATON_N_CODES; i++)\n"
        "    if (g_strcmp0 (infos[i].name, name) == 0)\n      {\n        *ret_code = i;\n"
        "        return TRUE;\n      }\n\n  return FALSE;\n}\n\n")
    for what, words in (("severity", SEVERITIES), ("consent", CONSENTS)):
        lines.append(f"const char *\nbaton_{what}_to_string (Baton{what.capitalize()} {what})\n{{\n  switch ({what})\n    {{\n")
        for word in words:
            lines.append(f"    case BATON_{what.upper()}_{c_name(word)}:\n      return {c_string(word)};\n")
        lines.append(f"    case BATON_{what.upper()}_NONE:\n    default:\n      return NULL;\n    }}\n}}\n\n")
    return "".join(lines)


def sentences(codes):
    """What po/ translates: xgettext reads C, not JSON."""
    seen = []
    for code in codes:
        for sentence in (code["title"], code["text"], code["remedy"]):
            if sentence is not None and sentence not in seen:
                seen.append(sentence)
    lines = ["/* SPDX-License-Identifier: GPL-3.0-or-later */\n",
             "/* Made from data/schema/codes.json by generate-codes.py; a test compares. */\n"]
    lines += [f"gettext ({c_string(sentence)});\n" for sentence in seen]
    return "".join(lines)


def roff(text):
    return (text or "").replace("\\", "\\e").replace("-", "\\-").replace("“", "\\(lq").replace("”", "\\(rq").replace("’", "\\(cq")


def manual(codes):
    lines = []
    for kind in KINDS:
        lines.append(f".SS {kind}\n")
        for code in codes:
            if code["kind"] == kind:
                lines.append(f".TP\n.B {roff(code['code'])}\n{roff(code['text'])} {roff(code['remedy'])}\n")
    return "".join(lines)


def main():
    path, what, output = sys.argv[1:]
    with open(path, encoding="utf-8") as stream:
        codes = json.load(stream)["codes"]
    check(codes)
    made = {"header": header, "source": source, "manual": manual,
            "sentences": sentences}[what](codes)
    with open(output, "w", encoding="utf-8") as stream:
        stream.write(made)


main()
