locals {
  results_bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${local.results_bucket}"

  table_in_queries = "\"${local.database_name}\".\"${var.table_name}\""

  # Where Athena does not know the types, each query names those that it wants: the console asks for the value of a `?`.
  is_injected = var.catalog == "projection" && length(var.event_types) == 0
  of_type     = local.is_injected ? "domain_event_type = ?" : "TRUE"

  queries = {
    latest = {
      description = "The latest events of the last days."
      sql         = <<-SQL
        SELECT event_id, "timestamp", domain, event_type, data
        FROM ${local.table_in_queries}
        WHERE ${local.of_type}
          AND year >= year(current_date - INTERVAL '7' DAY)
          AND "timestamp" >= CAST(current_date - INTERVAL '7' DAY AS timestamp)
        ORDER BY "timestamp" DESC
        LIMIT 100
      SQL
    }

    counts = {
      description = "How many events there are of each type on each day of this year."
      sql         = <<-SQL
        SELECT domain_event_type, year, month, day, count(*) AS events
        FROM ${local.table_in_queries}
        WHERE ${local.of_type}
          AND year = year(current_date)
        GROUP BY domain_event_type, year, month, day
        ORDER BY year DESC, month DESC, day DESC, domain_event_type
      SQL
    }

    duplicates = {
      description = "Ids that have more than one row: there are none. While a run moves rows, an event may be seen in both places."
      sql         = <<-SQL
        SELECT event_id, count(*) AS rows_of_it, array_agg("$path") AS files
        FROM ${local.table_in_queries}
        WHERE ${local.of_type}
        GROUP BY event_id
        HAVING count(*) > 1
        LIMIT 100
      SQL
    }

    repaired = {
      description = "Events whose records were damaged and have been mended, with what was done to them."
      sql         = <<-SQL
        SELECT event_id, "timestamp", domain_event_type, repairs, data, extra
        FROM ${local.table_in_queries}
        WHERE ${local.of_type}
          AND year = year(current_date)
          AND repairs IS NOT NULL
        ORDER BY "timestamp" DESC
        LIMIT 100
      SQL
    }

    event = {
      description = "One event: the row that counts, and the file that it is in. The console asks for its id."
      sql         = <<-SQL
        SELECT *, "$path" AS file, "$file_modified_time" AS written
        FROM ${local.table_in_queries}
        WHERE ${local.of_type}
          AND event_id = ?
      SQL
    }

    files = {
      description = "Rows, files and the last change of each partition of this year: many small files ask for a `compact`."
      sql         = <<-SQL
        SELECT domain_event_type, year, month, day, count(*) AS events, count(DISTINCT "$path") AS files, max("$file_modified_time") AS written
        FROM ${local.table_in_queries}
        WHERE ${local.of_type}
          AND year = year(current_date)
        GROUP BY domain_event_type, year, month, day
        ORDER BY files DESC
        LIMIT 100
      SQL
    }

    stage = {
      description = "Events that a run has parsed and not yet distributed, by type: for operators, as the policy of readers leaves the stage out. The console asks for the name of the run."
      sql         = <<-SQL
        SELECT domain, event_type, count(*) AS events, count(DISTINCT event_id) AS ids
        FROM "${local.database_name}"."${var.table_name}_stage"
        WHERE run = ?
        GROUP BY domain, event_type
        ORDER BY events DESC
      SQL
    }
  }
}

resource "aws_athena_workgroup" "events" {
  count = local.has_athena ? 1 : 0

  name          = var.name
  description   = "Queries of the events' table."
  force_destroy = true
  tags          = var.tags

  configuration {
    # Whoever queries cannot put results elsewhere, or leave them unencrypted.
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.query_bytes_max

    result_configuration {
      output_location       = "s3://${local.results_bucket}/results/"
      expected_bucket_owner = data.aws_caller_identity.current.account_id

      encryption_configuration {
        encryption_option = var.kms_key_arn == null ? "SSE_S3" : "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}

resource "aws_athena_named_query" "events" {
  for_each = local.has_athena ? local.queries : {}

  name        = "${var.name}-${each.key}"
  description = each.value.description
  workgroup   = aws_athena_workgroup.events[0].id
  database    = aws_glue_catalog_database.events[0].name
  query       = each.value.sql
}
