// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/http.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "models/files.h"

namespace npu::models {
namespace {

constexpr long kConnectSeconds = 10;
constexpr long kStallSeconds = 30;  // without a byte: broken off
constexpr size_t kDocumentBytes = 8 << 20;
constexpr int kIdleAttempts = 4;  // in a row without a new byte
constexpr std::chrono::seconds kRetryWait{1};

// Where the body of a download goes.
struct Body {
  CURL* curl;
  int fd;
  std::filesystem::path path;
  uint64_t requested_bytes;  // the range asked for begins here
  uint64_t at_bytes;         // the next byte goes here
  uint64_t size_bytes;
  Progress* progress;
  std::optional<uint64_t> range_begin{};  // of the answer
  bool begun = false;
  std::optional<Error> fault{};
};

long http_status(CURL* curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

// Looks at the status of the answer before its first byte is written.
bool begin_body(Body& body) {
  const long status = http_status(body.curl);
  body.begun = true;
  if (status == 206 && body.range_begin == body.requested_bytes) return true;
  if (status == 206) {
    body.fault = Error{
        ErrorCode::kBadModel,
        text("the server sends another part than the one from byte ", body.requested_bytes, " on")};
    return false;
  }
  if (body.at_bytes == 0) return true;
  body.at_bytes = 0;  // the whole file, although a part was asked for
  if (ftruncate(body.fd, 0) == 0) return true;
  body.fault = system_error("cannot write", body.path);
  return false;
}

size_t on_body(char* data, size_t, size_t size, void* user) {
  Body& body = *static_cast<Body*>(user);
  if (!body.begun && !begin_body(body)) return 0;
  if (size > body.size_bytes - body.at_bytes) {
    body.fault = Error{ErrorCode::kBadModel,
                       text("expected ", body.size_bytes, " bytes, the server sends more")};
    return 0;
  }
  for (size_t put = 0; put < size;) {
    const ssize_t wrote =
        pwrite(body.fd, data + put, size - put, static_cast<off_t>(body.at_bytes));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      body.fault = system_error("cannot write", body.path);
      return 0;
    }
    put += static_cast<size_t>(wrote);
    body.at_bytes += static_cast<uint64_t>(wrote);
  }
  body.progress->update(body.at_bytes);
  return size;
}

// Finds "Content-Range: bytes BEGIN-END/SIZE".
size_t on_header(char* data, size_t, size_t size, void* user) {
  constexpr std::string_view kName = "content-range: bytes ";
  Body& body = *static_cast<Body*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) body.range_begin.reset();  // the answer after a redirect
  const bool named = size > kName.size() &&
                     std::equal(kName.begin(), kName.end(), line.begin(), [](char a, char b) {
                       return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b);
                     });
  uint64_t begin = 0;
  if (named && std::from_chars(data + kName.size(), data + size, begin).ec == std::errc()) {
    body.range_begin = begin;
  }
  return size;
}

size_t on_document(char* data, size_t, size_t size, void* user) {
  auto& document = *static_cast<std::string*>(user);
  if (size > kDocumentBytes - document.size()) return 0;
  document.append(data, size);
  return size;
}

// Options of every transfer. `reason` gets libcurl's own words for a failure.
void prepare(CURL* curl, const std::string& url, char* reason) {
  reason[0] = '\0';
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
  // What was asked for safely must not come from an unsafe place.
  const bool safe = url.starts_with("https:");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, safe ? "https" : "http,https");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "npuwhisper-models/" NPUWHISPER_VERSION);
}

std::string reason_text(CURLcode code, const char* reason) {
  return *reason ? reason : curl_easy_strerror(code);
}

Error transfer_error(CURL* curl, CURLcode code, const char* reason, const std::string& url) {
  if (code == CURLE_HTTP_RETURNED_ERROR) {
    const long status = http_status(curl);
    // The hub does not tell a repository that is missing from one that is not public.
    const bool hidden = status == 401 || status == 403;
    return Error{ErrorCode::kNotFound, text(url, ": HTTP status ", status,
                                            hidden ? " (does not exist, or is not public)" : "")};
  }
  return Error{ErrorCode::kTimeout, text(url, ": ", reason_text(code, reason))};
}

// Whether another attempt may go better than this one did.
bool worth_retrying(CURLcode code, CURL* curl) {
  if (code == CURLE_HTTP_RETURNED_ERROR) {
    return http_status(curl) == 429 || http_status(curl) >= 500;
  }
  return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
         code == CURLE_GOT_NOTHING || code == CURLE_OPERATION_TIMEDOUT || code == CURLE_HTTP2 ||
         code == CURLE_HTTP2_STREAM || code == CURLE_COULDNT_CONNECT ||
         code == CURLE_COULDNT_RESOLVE_HOST;
}

CURLcode run_download(CURL* curl, const std::string& url, char* reason, Body& body) {
  prepare(curl, url, reason);
  // Not CURLOPT_RESUME_FROM: with that, libcurl fails where a server sends the whole file.
  const std::string range = text(body.requested_bytes, "-");
  if (body.requested_bytes > 0) curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &body);
  return curl_easy_perform(curl);
}

// Bytes of the file that are there; a file that is too long begins anew.
Result<uint64_t> bytes_there(const Descriptor& file, const std::filesystem::path& path,
                             uint64_t size_bytes) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return system_error("cannot look at", path);
  if (static_cast<uint64_t>(status.st_size) <= size_bytes) {
    return static_cast<uint64_t>(status.st_size);
  }
  if (ftruncate(file.get(), 0) != 0) return system_error("cannot write", path);
  return uint64_t{0};
}

}  // namespace

struct Http::Handle {
  ~Handle() {
    if (curl) curl_easy_cleanup(curl);
    curl_global_cleanup();
  }
  CURL* curl = nullptr;
  char reason[CURL_ERROR_SIZE] = {};
};

Http::Http(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Http::~Http() = default;

Result<std::unique_ptr<Http>> Http::create() {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{ErrorCode::kInternal, "libcurl cannot start"};
  }
  auto handle = std::make_unique<Handle>();
  handle->curl = curl_easy_init();
  if (!handle->curl) return Error{ErrorCode::kInternal, "libcurl cannot start"};
  return std::unique_ptr<Http>(new Http(std::move(handle)));
}

Result<std::string> Http::get(const std::string& url) {
  std::string document;
  prepare(handle_->curl, url, handle_->reason);
  curl_easy_setopt(handle_->curl, CURLOPT_WRITEFUNCTION, on_document);
  curl_easy_setopt(handle_->curl, CURLOPT_WRITEDATA, &document);
  const CURLcode code = curl_easy_perform(handle_->curl);
  if (code != CURLE_OK) return transfer_error(handle_->curl, code, handle_->reason, url);
  return document;
}

Result<void> Http::download(const std::string& url, const std::filesystem::path& partial,
                            uint64_t size_bytes, const std::string& label, Progress& progress) {
  const Descriptor file(open(partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return system_error("cannot write", partial);
  NPU_TRY_ASSIGN(uint64_t at, bytes_there(file, partial, size_bytes));
  if (at > 0) progress.line(text(label, ": going on after ", size_text(at)));
  uint64_t best = at;
  bool heard = false;  // something came from this server
  for (int idle = 0; at < size_bytes;) {
    progress.begin(label, size_bytes, at);
    Body body{.curl = handle_->curl,
              .fd = file.get(),
              .path = partial,
              .requested_bytes = at,
              .at_bytes = at,
              .size_bytes = size_bytes,
              .progress = &progress};
    const CURLcode code = run_download(handle_->curl, url, handle_->reason, body);
    progress.end();
    at = body.at_bytes;
    if (body.fault) return Error{body.fault->code, text(label, ": ", body.fault->message)};
    if (at == size_bytes) break;
    heard = heard || body.begun;
    idle = at > best ? 0 : idle + 1;
    best = std::max(best, at);
    if (code == CURLE_OK) {
      return Error{ErrorCode::kBadModel,
                   text(label, ": expected ", size_bytes, " bytes, the server sent ", at)};
    }
    // A server that never sent a byte is out of reach: that is told at once.
    if (!heard || !worth_retrying(code, handle_->curl) || idle >= kIdleAttempts) {
      return transfer_error(handle_->curl, code, handle_->reason, url);
    }
    progress.line(text(label, ": broke off after ", size_text(at), " (",
                       reason_text(code, handle_->reason), "), going on"));
    if (idle > 0) std::this_thread::sleep_for(idle * kRetryWait);
  }
  if (fsync(file.get()) != 0) return system_error("cannot write", partial);
  return {};
}

}  // namespace npu::models
