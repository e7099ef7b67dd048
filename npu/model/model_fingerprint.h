// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells whether two paths lead to the same, unchanged model.
#pragma once

#include <string>

#include "device/device.h"
#include "result.h"

namespace npu {

// The canonical path and, of the file or of every file in the folder, name, size, time of
// modification and inode. Errors: kNotFound, kIo.
Result<std::string> model_fingerprint(const std::string& path);

// Of the model file or folder at `path`. Errors: kNotFound, kIo.
Result<WeightIdentity> weight_identity(const std::string& path);

}  // namespace npu
