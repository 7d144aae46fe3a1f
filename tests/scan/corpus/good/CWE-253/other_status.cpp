// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

struct Response { int status; };
int main() {
  Response response{0};
  int status = response.status;
  if (status == 404) return 1;
  return status;
}
