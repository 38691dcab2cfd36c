# --- names ---

variable "name" {
  description = "Name of the table's installation. Everything that is created is named after it."
  type        = string
  default     = "events"

  validation {
    # The longest name that is made of it is a bucket's: 63 characters, of which the zone and the account take 21.
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "The name must be 2 to 40 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = {}
}

# --- buckets ---

variable "create_buckets" {
  description = "Whether the module creates the buckets. Buckets that exist already keep their own encryption, versioning, lifecycle and policy."
  type        = bool
  default     = true
}

variable "bucket_names" {
  description = "Name of the bucket of each zone. The default is the module's name, the zone and the account."
  type = object({
    landing = optional(string)
    stage   = optional(string)
    trusted = optional(string)
  })
  default = {}

  validation {
    condition = alltrue([
      for name in values(var.bucket_names) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name)) if name != null
    ])
    error_message = "A bucket's name is 3 to 63 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends."
  }

  validation {
    condition     = var.create_buckets || alltrue([for name in values(var.bucket_names) : name != null])
    error_message = "Without create_buckets, name the buckets of all three zones."
  }

  validation {
    condition     = length(distinct(compact(values(var.bucket_names)))) == length(compact(values(var.bucket_names)))
    error_message = "Each zone has a bucket of its own."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the buckets. Without it S3 encrypts with keys of its own. The key's policy must let the account's IAM policies decide."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The key is named by its ARN, not by an alias: policies match the key itself."
  }
}

variable "stage_retention_days" {
  description = "Days after which S3 erases what failed runs left in the stage zone. It must be longer than a parsed stage waits for `distribute`."
  type        = number
  default     = 7

  validation {
    condition     = var.stage_retention_days >= 1 && floor(var.stage_retention_days) == var.stage_retention_days
    error_message = "The retention is a whole number of days, at least 1."
  }
}

variable "noncurrent_retention_days" {
  description = "Days for which S3 keeps what was overwritten or deleted in the landing and trusted zones. Each input is paid for twice for that long, because moving it leaves the old version behind."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_retention_days >= 1 && floor(var.noncurrent_retention_days) == var.noncurrent_retention_days
    error_message = "The retention is a whole number of days, at least 1."
  }
}

# --- function ---

variable "lambda_zip" {
  description = "Path of the zip with the executable `bootstrap` of events-lambda for arm64."
  type        = string

  validation {
    condition     = fileexists(var.lambda_zip)
    error_message = "There is no file of that path."
  }
}

variable "memory_mb" {
  description = "Memory of the function in MB. Processors come with it: one for each 1769."
  type        = number
  default     = 1769

  validation {
    condition     = var.memory_mb >= 256 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "The memory is a whole number of MB from 256 to 10240."
  }
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda ends an invocation. A run stops itself a little earlier and leaves nothing behind."
  type        = number
  default     = 900

  validation {
    condition     = var.timeout_seconds >= 10 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "The time limit is a whole number of seconds from 10 to 900."
  }
}

variable "scratch_mb" {
  description = "Disk of the function in MB, for rows that its memory has no room for. Rows take about as much as their uncompressed text."
  type        = number
  default     = 2048

  validation {
    condition     = var.scratch_mb >= 512 && var.scratch_mb <= 10240 && floor(var.scratch_mb) == var.scratch_mb
    error_message = "The disk is a whole number of MB from 512 to 10240."
  }
}

variable "reserved_concurrency" {
  description = "Invocations that may run at once. Runs of one table are meant to follow one another; -1 reserves nothing, for accounts whose quota allows no reservation."
  type        = number
  default     = 1

  validation {
    condition     = contains([-1, 1], var.reserved_concurrency)
    error_message = "One run at a time (1), or no reservation (-1)."
  }
}

variable "memory_budget_bytes" {
  description = "Bytes that rows and keys may take in memory. Without it, half of the function's memory."
  type        = number
  default     = null

  validation {
    condition     = var.memory_budget_bytes == null || try(var.memory_budget_bytes >= 8388608 && floor(var.memory_budget_bytes) == var.memory_budget_bytes, false)
    error_message = "The budget is a whole number of bytes, at least 8 MiB."
  }
}

variable "threads" {
  description = "Threads that compute. Without it, as many as the function has processors."
  type        = number
  default     = null

  validation {
    condition     = var.threads == null || try(var.threads >= 1 && var.threads <= 1024 && floor(var.threads) == var.threads, false)
    error_message = "Threads are a whole number from 1 to 1024."
  }
}

variable "compression" {
  description = "Compression of the table's files: zstd, zstd:1 to zstd:22, snappy, lz4 or none. Without it, zstd."
  type        = string
  default     = null

  validation {
    condition     = var.compression == null || can(regex("^(zstd(:([1-9]|1[0-9]|2[0-2]))?|snappy|lz4|none)$", var.compression))
    error_message = "The compression is one of zstd, zstd:1 to zstd:22, snappy, lz4 and none."
  }
}

variable "repair" {
  description = "How far damaged records are mended: strict, framing, lenient or guess. Without it, lenient."
  type        = string
  default     = null

  validation {
    condition     = var.repair == null || can(regex("^(strict|framing|lenient|guess)$", var.repair))
    error_message = "The level of repair is one of strict, framing, lenient and guess."
  }
}

variable "dedup_horizon_days" {
  description = "Days before and after its own that an event is held against the table: one that comes again further away is a second row. 0 is its own partition only. Without it, events are held against everything the table ever took."
  type        = number
  default     = null

  validation {
    condition     = var.dedup_horizon_days == null || try(var.dedup_horizon_days >= 0 && floor(var.dedup_horizon_days) == var.dedup_horizon_days, false)
    error_message = "The horizon is a whole number of days, at least 0."
  }
}

variable "fold_below_bytes" {
  description = "Bytes below which a file gets the new rows of its partition, instead of another file beside it. 0 makes a file of its own for each run. Without it, 64 MiB."
  type        = number
  default     = null

  validation {
    condition     = var.fold_below_bytes == null || try(var.fold_below_bytes >= 0 && floor(var.fold_below_bytes) == var.fold_below_bytes, false)
    error_message = "The size is a whole number of bytes, at least 0."
  }
}

variable "reader_grace_seconds" {
  description = "Seconds that a commit in which rows move waits before they leave their old places, longer than a reader's longest scan and much shorter than `timeout_seconds`: then a reader never misses an event that it has seen. Without it, 0."
  type        = number
  default     = null

  validation {
    condition     = var.reader_grace_seconds == null || try(var.reader_grace_seconds >= 0 && var.reader_grace_seconds <= 600, false)
    error_message = "The grace is a number of seconds from 0 to 600."
  }
}

variable "log_retention_days" {
  description = "Days for which the log of the function is kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch has these retentions only: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

# --- catalog ---

variable "database_name" {
  description = "Name of the Glue database. The default is the module's name with underscores for hyphens."
  type        = string
  default     = null

  validation {
    condition     = var.database_name == null || can(regex("^[a-z][a-z0-9_]{0,254}$", var.database_name))
    error_message = "The database is named by lower-case letters, digits and underscores."
  }
}

variable "table_name" {
  description = "Name of the table in the database."
  type        = string
  default     = "events"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,254}$", var.table_name))
    error_message = "The table is named by lower-case letters, digits and underscores."
  }
}

variable "event_types" {
  description = "Values of domain_event_type as they stand in the paths of the table. With them a query need not name one, and sees no other. Without them each query names the ones it wants."
  type        = list(string)
  default     = []

  validation {
    # The alphabet of partition values in paths: everything else is percent-encoded there.
    condition     = alltrue([for value in var.event_types : can(regex("^([A-Za-z0-9_.-]|%[0-9A-F]{2})+$", value))])
    error_message = "Write the values as in the paths: letters, digits, `-`, `_`, `.`, and everything else as % and two capital hexadecimal digits."
  }

  validation {
    condition     = length(distinct(var.event_types)) == length(var.event_types)
    error_message = "Each value is named once."
  }
}

variable "years" {
  description = "First and last year that queries see. Athena looks for each day that a query does not exclude, and rows of other years are invisible to it."
  type = object({
    first = number
    last  = number
  })
  default = {
    first = 2015
    last  = 2035
  }

  validation {
    condition = alltrue([
      var.years.first >= 1, var.years.first <= var.years.last, var.years.last <= 9999,
      floor(var.years.first) == var.years.first, floor(var.years.last) == var.years.last,
    ])
    error_message = "The years are whole numbers from 1 to 9999, the first not behind the last."
  }
}
