# findings.py: a finding on disk: repro.py (a script for CPython), finding.json
# (program, schedule, signature), report.txt.

import hashlib
import json
import os
import shutil

from engine import Schedule
from groups import cause_of, parties_of
from programs import Program
from reports import PLUMBING, describe


class Finding:
    def __init__(self, folder, program, text, schedule, options, failure_rule,
                 signature, parties, cause, trace, report):
        self.folder = folder
        self.program = program          # None: a script of the user's
        self.text = text
        self.schedule = schedule
        self.options = options          # races, plain
        self.rule = failure_rule
        self.signature = signature
        self.parties = parties          # [(function, file)]
        self.cause = cause
        self.trace = trace
        self.report = report

    @staticmethod
    def make(parent, program, text, schedule, options, failure, answer,
             failures=()):
        name = "%s-%s" % (failure.rule, hashlib.sha256(
            (failure.signature + text).encode()).hexdigest()[:8])
        report = "signature: %s\n\n%s" % (failure.signature,
                                          describe(failure))
        return Finding(os.path.join(parent, name), program, text, schedule,
                       options, failure.rule, failure.signature,
                       parties_of(failure, PLUMBING.match),
                       cause_of(failures, PLUMBING.match, failure),
                       answer.get("trace"), report)

    def save(self):
        new = self.folder + ".new"
        shutil.rmtree(new, ignore_errors=True)
        os.makedirs(new)
        write(new, "repro.py", self.text)
        write(new, "report.txt", self.report + "\nreplay: ftfuzz cpython "
              "replay %s\n" % self.folder)
        write(new, "finding.json", json.dumps({
            "rule": self.rule, "signature": self.signature,
            "parties": self.parties, "cause": self.cause, "trace": self.trace,
            "options": self.options,
            "schedule": self.schedule.to_json(),
            "program": self.program.to_json() if self.program else None},
            indent=1) + "\n")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.rename(new, self.folder)

    @staticmethod
    def load(folder):
        with open(os.path.join(folder, "finding.json")) as file:
            value = json.load(file)
        with open(os.path.join(folder, "repro.py")) as file:
            text = file.read()
        with open(os.path.join(folder, "report.txt")) as file:
            report = file.read()
        program = value["program"]
        return Finding(folder, Program.from_json(program) if program else None,
                       text, Schedule.from_json(value["schedule"]),
                       value["options"], value["rule"], value["signature"],
                       value["parties"], value.get("cause", []),
                       value["trace"], report)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def is_finding(path):
    return os.path.exists(os.path.join(path, "finding.json"))
