// SPDX-License-Identifier: LGPL-2.1-or-later
// SubRip: numbered blocks, "HH:MM:SS,mmm --> HH:MM:SS,mmm", text, blank line. The format has no
// escapes, so an arrow inside the text is written as U+2192.
#include "captions/caption.h"
#include "captions/caption_text.h"

namespace npu::captions {
namespace {

constexpr std::string_view kArrow = "\xE2\x86\x92";

class SrtWriter : public CaptionWriter {
 public:
  std::string write(const Transcript& transcript) const override {
    const std::vector<Caption> shown = shown_captions(transcript.captions);
    const std::vector<MillisecondTimes> times = to_milliseconds(shown);
    std::string file;
    for (size_t index = 0; index < shown.size(); ++index) {
      if (index > 0) file += '\n';
      file += std::to_string(index + 1) + '\n';
      file += clock_time(times[index].start_ms, ',') + " --> " +
              clock_time(times[index].end_ms, ',') + '\n';
      file += replace_all(clean_text(shown[index].text), "-->", kArrow) + '\n';
    }
    return file;
  }
};

}  // namespace

std::unique_ptr<CaptionWriter> create_srt_writer(const WriteOptions&) {
  return std::make_unique<SrtWriter>();
}

}  // namespace npu::captions
