#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""JSON cues of real speech are what docs/cue.schema.json says."""
import json
import os
from pathlib import Path

import jsonschema

import media
from media import launch

SCHEMA = json.loads(Path(os.environ["NPUWHISPER_CUE_SCHEMA"]).read_text())


class JsonCues(media.MediaTest):
    def cues(self, mode):
        """The documents of a clip, each validated."""
        out = self.folder / f"{mode}.json"
        launch(f"filesrc location={media.jfk_wav()} ! wavparse ! npuwhisper model={media.MODEL} "
               f"output-mode={mode} ! application/x-json ! filesink location={out}")
        validator = jsonschema.Draft202012Validator(SCHEMA)
        documents = [json.loads(line) for line in out.read_text().splitlines()]
        for document in documents:
            validator.validate(document)
        return documents

    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_every_mode_gives_valid_documents_with_all_text(self):
        for mode in ("cues", "segments", "words"):
            with self.subTest(mode):
                cues = self.cues(mode)
                self.assertEqual(media.words_of(" ".join(cue["text"] for cue in cues)),
                                 media.words_of(media.JFK))
                for cue, later in zip(cues, cues[1:]):
                    self.assertLess(cue["start"], cue["end"])
                    self.assertLessEqual(cue["end"], later["start"])
                self.assertEqual({cue["language"] for cue in cues}, {"en"})

    def test_words_lie_in_their_cues_and_say_its_text(self):
        for cue in self.cues("cues"):
            words = cue["words"]
            self.assertEqual(" ".join(word["text"] for word in words), " ".join(cue["text"].split()))
            self.assertAlmostEqual(words[0]["start"], cue["start"], delta=1e-3)
            # Up to the minimum gap before its last word ends, up to the linger after it.
            self.assertGreaterEqual(cue["end"], words[-1]["end"] - 0.084)
            self.assertLessEqual(cue["end"], words[-1]["end"] + 1.4)

    def test_what_the_schema_forbids_is_found(self):
        validator = jsonschema.Draft202012Validator(SCHEMA)
        good = self.cues("words")[0]
        for change in ({"text": ""}, {"text": "a\tb"}, {"start": "0"}, {"temperature": 2},
                       {"more": 1}, {"words": [{"text": "a"}]}):
            self.assertFalse(validator.is_valid({**good, **change}), change)


if __name__ == "__main__":
    media.require_model()
    media.main()
