// SPDX-License-Identifier: LGPL-2.1-or-later
// How much rendered text is on a dark picture.
#pragma once

#include <gst/video/video.h>

namespace npu::testing {

// Pixels with a luma of 128 or more of 255; -1 in formats without a luma plane of 8 bits, and for
// buffers that do not hold such a picture.
int bright_pixels(GstBuffer* buffer, const GstVideoInfo& info);

}  // namespace npu::testing
