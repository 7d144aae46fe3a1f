// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0

struct Reader { int gets(char* line); };
int use(Reader& reader, char* line) { return reader.gets(line); }
