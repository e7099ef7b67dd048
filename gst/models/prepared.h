// SPDX-License-Identifier: LGPL-2.1-or-later
// The `prepared` command: models in the NPU's arithmetic, as `prepare` has written them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "result.h"

namespace npu::models {

// "current" (fits the model at that path), "outdated", "unreadable", or nothing: it is not
// prepared.
std::optional<std::string> prepared_state(const std::string& model_path);

// Prints what is prepared, as lines or as a JSON array of objects with file, model, kind, size
// (bytes) and state. Errors: kIo.
Result<void> list_prepared(bool json);

// Prints the same below the table of models; nothing if nothing is prepared. Errors: kIo.
Result<void> print_prepared_below();

// Removes what was made of the named models, all of it if there are no names, and prints how much
// space that gives. Errors: kNotFound (a named model is not prepared; nothing is removed then),
// kIo.
Result<void> clear_prepared(const std::vector<std::string>& names);

}  // namespace npu::models
