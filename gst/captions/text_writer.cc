// SPDX-License-Identifier: LGPL-2.1-or-later
// The text alone, a line per caption.
#include "captions/caption.h"
#include "captions/caption_text.h"

namespace npu::captions {
namespace {

class TextWriter : public CaptionWriter {
 public:
  std::string write(const Transcript& transcript) const override {
    std::string file;
    for (const Caption& caption : shown_captions(transcript.captions)) {
      file += single_line(caption.text) + '\n';
    }
    return file;
  }
};

}  // namespace

std::unique_ptr<CaptionWriter> create_text_writer(const WriteOptions&) {
  return std::make_unique<TextWriter>();
}

}  // namespace npu::captions
