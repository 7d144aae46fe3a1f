// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

struct LaunchOptions { bool shell = true; };
int launch(const std::string& command, const LaunchOptions& options);
int one(const std::string& name) { return launch("touch " + name, {.shell = false}); }
