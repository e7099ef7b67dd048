// SPDX-License-Identifier: LGPL-2.1-or-later
// Fields of the JSON document.
#include "text/cue_json.h"

#include <nlohmann/json.hpp>

#include "text/cue_text.h"

namespace npu::gst {
namespace {

using Json = nlohmann::ordered_json;

// Whole microseconds: the nearest double to n/10^6 prints with six decimals at most.
double seconds(int64_t time_ns) {
  return static_cast<double>((time_ns + 500) / 1000) / 1e6;
}

}  // namespace

std::string cue_json(const TextCue& cue, const std::string& language) {
  Json words = Json::array();
  for (const captions::CaptionWord& word : cue.words)
    words.push_back({{"text", clean_cue_text(word.text)},
                     {"start", seconds(word.start_ns)},
                     {"end", seconds(word.end_ns)},
                     {"probability", word.probability}});
  const Json document = {{"text", cue.text},
                         {"start", seconds(cue.start_ns)},
                         {"end", seconds(cue.end_ns)},
                         {"words", std::move(words)},
                         {"language", language},
                         {"avg_logprob", cue.facts.avg_logprob},
                         {"no_speech_prob", cue.facts.no_speech_prob},
                         {"temperature", cue.facts.temperature}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace npu::gst
