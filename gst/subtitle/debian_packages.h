// SPDX-License-Identifier: LGPL-2.1-or-later
// Which Debian package brings what GStreamer lacks.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "subtitle/failure.h"

namespace npu::subtitle {

// For an installer detail of a missing-plugin message: "...|decoder-audio/mpeg, mpegversion=4",
// "...|element-x264enc".
std::string_view package_for_detail(std::string_view detail);
// For an element that this program names itself.
std::string_view package_of_element(std::string_view element);

// Whether GStreamer has all of them. Failures: kMissingDecoder, naming the first that is not there
// and its package.
Done need_elements(std::initializer_list<const char*> elements);

}  // namespace npu::subtitle
