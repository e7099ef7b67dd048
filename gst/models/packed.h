// SPDX-License-Identifier: LGPL-2.1-or-later
// The `cache` command: what devices keep of models that they have packed.
#pragma once

#include "result.h"

namespace npu::models {

// Prints what is kept, as a table or as a JSON array of objects with file, model (path), kind, size
// (bytes) and state ("current"; "outdated": the model has changed since, or is gone; "unreadable").
// Errors: kIo.
Result<void> list_packed(bool json);

// Removes all of it, and prints how much that was. Errors: kIo.
Result<void> clear_packed();

}  // namespace npu::models
