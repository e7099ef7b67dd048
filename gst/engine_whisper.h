// SPDX-License-Identifier: LGPL-2.1-or-later
// The engine of the plugin: Whisper, with models shared by the whole process.
#pragma once

#include <memory>

#include "engine.h"

namespace npu::gst {

std::shared_ptr<Engine> whisper_engine();

}  // namespace npu::gst
