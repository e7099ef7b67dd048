// SPDX-License-Identifier: LGPL-2.1-or-later
// The Hugging Face hub: where files of a repository are, and what it says about them.
#pragma once

#include <string>
#include <vector>

#include "models/catalogue.h"
#include "models/http.h"
#include "result.h"

namespace npu::models {

// $HF_ENDPOINT, as the hub's own client has it, else the public hub. No slash at the end.
std::string hub_endpoint();

// Address of a file of a model.
std::string hub_url(const ModelSpec& model, const FileSpec& file);

// Fills in revision (the commit), files and digests of a model that is not pinned: those files of
// the repository that a CTranslate2 or a Hugging Face (safetensors) model consists of. Errors:
// those of Http::get(); kBadModel (no such model in the repository, an answer that is not
// understood).
Result<ModelSpec> ask_hub(Http& http, const ModelSpec& model);

// The choice that ask_hub() makes among the files of a repository, by name.
std::vector<std::string> model_files(const std::vector<std::string>& names);

}  // namespace npu::models
