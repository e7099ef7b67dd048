// SPDX-License-Identifier: LGPL-2.1-or-later
// One JSON document: what is known about the medium, and "segments" with times in seconds to the
// millisecond, the same as in the other formats.
#include <nlohmann/json.hpp>

#include "captions/caption.h"
#include "captions/caption_text.h"

namespace npu::captions {
namespace {

using Json = nlohmann::ordered_json;

// Printed with at most three decimals: the nearest double to n/1000 prints that way.
double seconds(int64_t time_ms) {
  return static_cast<double>(time_ms) / 1000.0;
}

int64_t milliseconds(int64_t time_ns) {
  return (time_ns + 500'000) / 1'000'000;
}

Json json_words(const std::vector<CaptionWord>& words) {
  Json list = Json::array();
  for (const CaptionWord& word : words) {
    list.push_back({{"word", valid_utf8(word.text)},
                    {"start", seconds(milliseconds(word.start_ns))},
                    {"end", seconds(milliseconds(word.end_ns))},
                    {"probability", word.probability}});
  }
  return list;
}

class JsonWriter : public CaptionWriter {
 public:
  std::string write(const Transcript& transcript) const override {
    const std::vector<Caption> shown = shown_captions(transcript.captions);
    const std::vector<MillisecondTimes> times = to_milliseconds(shown);
    std::string text;
    Json segments = Json::array();
    for (size_t index = 0; index < shown.size(); ++index) {
      const Caption& caption = shown[index];
      const std::string line = single_line(caption.text);
      text += (index > 0 ? " " : "") + line;
      Json segment = {{"id", index},
                      {"start", seconds(times[index].start_ms)},
                      {"end", seconds(times[index].end_ms)},
                      {"text", line}};
      if (caption.avg_logprob) segment["avg_logprob"] = *caption.avg_logprob;
      if (caption.no_speech_prob) segment["no_speech_prob"] = *caption.no_speech_prob;
      if (!caption.words.empty()) segment["words"] = json_words(caption.words);
      segments.push_back(std::move(segment));
    }
    const Json document = {
        {"source", valid_utf8(transcript.source)}, {"language", valid_utf8(transcript.language)},
        {"task", valid_utf8(transcript.task)},     {"model", valid_utf8(transcript.model)},
        {"duration", transcript.duration_s},       {"text", text},
        {"segments", std::move(segments)}};
    return document.dump(2) + '\n';
  }
};

}  // namespace

std::unique_ptr<CaptionWriter> create_json_writer(const WriteOptions&) {
  return std::make_unique<JsonWriter>();
}

}  // namespace npu::captions
