// SPDX-License-Identifier: LGPL-2.1-or-later
// Mends what matroskamux writes into the tags of a file.
#pragma once

#include <filesystem>

#include "subtitle/failure.h"

namespace npu::subtitle {

// GStreamer's muxer (measured: 1.22) writes the text of tags as it serialises values: My Film
// becomes "My\ Film", with quotes. Puts the text itself in their place, in place; what becomes
// shorter is padded with zeros (RFC 8794, section 7.5). Text that was written as it is stays, and
// so does whatever does not look like Matroska. Failures: kOutput.
Done mend_tags(const std::filesystem::path& file);

}  // namespace npu::subtitle
