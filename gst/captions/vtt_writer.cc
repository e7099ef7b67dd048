// SPDX-License-Identifier: LGPL-2.1-or-later
// WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format"): cue text escapes & < >, which also
// keeps an arrow from being taken for a time line.
#include "captions/caption.h"
#include "captions/caption_text.h"

namespace npu::captions {
namespace {

std::string escaped(std::string_view text) {
  std::string result = replace_all(clean_text(text), "&", "&amp;");
  result = replace_all(std::move(result), "<", "&lt;");
  return replace_all(std::move(result), ">", "&gt;");
}

class VttWriter : public CaptionWriter {
 public:
  std::string write(const Transcript& transcript) const override {
    const std::vector<Caption> shown = shown_captions(transcript.captions);
    const std::vector<MillisecondTimes> times = to_milliseconds(shown);
    std::string file = "WEBVTT\n";
    for (size_t index = 0; index < shown.size(); ++index) {
      file += '\n' + clock_time(times[index].start_ms, '.') + " --> " +
              clock_time(times[index].end_ms, '.') + '\n' + escaped(shown[index].text) + '\n';
    }
    return file;
  }
};

}  // namespace

std::unique_ptr<CaptionWriter> create_vtt_writer() {
  return std::make_unique<VttWriter>();
}

}  // namespace npu::captions
