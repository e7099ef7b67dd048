// SPDX-License-Identifier: LGPL-2.1-or-later
// WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format"): cue text escapes & < >, which also
// keeps an arrow from being taken for a time line.
#include "captions/caption.h"
#include "captions/caption_text.h"

namespace npu::captions {
namespace {

std::string escaped_part(std::string text) {
  std::string result = replace_all(std::move(text), "&", "&amp;");
  result = replace_all(std::move(result), "<", "&lt;");
  return replace_all(std::move(result), ">", "&gt;");
}

// The escaped text with <time> before each word that begins inside the caption (W3C, WebVTT, "cue
// timestamp": later than the caption's start, earlier than its end, each later than the one
// before). A word that is not found in the text, as the caption shows it, gets no mark.
std::string marked(const Caption& caption, const MillisecondTimes& times) {
  const std::string text = clean_text(caption.text);
  std::string result;
  size_t done = 0;
  int64_t last_ms = times.start_ms;
  for (const CaptionWord& word : caption.words) {
    const std::string sought = single_line(word.text);
    const size_t at = sought.empty() ? std::string::npos : text.find(sought, done);
    if (at == std::string::npos) continue;
    const int64_t time_ms = (word.start_ns + 500'000) / 1'000'000;
    result += escaped_part(text.substr(done, at - done));
    if (time_ms > last_ms && time_ms < times.end_ms) {
      result += '<' + clock_time(time_ms, '.') + '>';
      last_ms = time_ms;
    }
    result += escaped_part(sought);
    done = at + sought.size();
  }
  return result + escaped_part(text.substr(done));
}

class VttWriter : public CaptionWriter {
 public:
  explicit VttWriter(const WriteOptions& options) : options_(options) {}

  std::string write(const Transcript& transcript) const override {
    const std::vector<Caption> shown = shown_captions(transcript.captions);
    const std::vector<MillisecondTimes> times = to_milliseconds(shown);
    std::string file = "WEBVTT\n";
    for (size_t index = 0; index < shown.size(); ++index) {
      const Caption& caption = shown[index];
      file += '\n' + clock_time(times[index].start_ms, '.') + " --> " +
              clock_time(times[index].end_ms, '.') + '\n' +
              (options_.mark_words ? marked(caption, times[index])
                                   : escaped_part(clean_text(caption.text))) +
              '\n';
    }
    return file;
  }

 private:
  const WriteOptions options_;
};

}  // namespace

std::unique_ptr<CaptionWriter> create_vtt_writer(const WriteOptions& options) {
  return std::make_unique<VttWriter>(options);
}

}  // namespace npu::captions
