locals {
  table_location = "s3://${local.bucket_names.trusted}/events"

  # The columns of a file: the core's module `table/schema.rs`.
  columns = [
    { name = "event_id", type = "string", comment = "Unique in the table" },
    { name = "timestamp", type = "timestamp", comment = "In UTC" },
    { name = "domain", type = "string", comment = null },
    { name = "event_type", type = "string", comment = null },
    { name = "data", type = "string", comment = "JSON, null when the event had none" },
    { name = "extra", type = "string", comment = "Unknown fields as a JSON object, null when the event had none" },
    { name = "repairs", type = "string", comment = "What was done to the record, null when it is as it came" },
  ]

  # The columns of a path: the core's module `table/partition.rs`.
  partition_columns = [
    { name = "domain_event_type", type = "string" },
    { name = "year", type = "int" },
    { name = "month", type = "int" },
    { name = "day", type = "int" },
  ]

  # Partitions are computed from these instead of listed in the catalog, so a new one is there as soon as its file is.
  projection = merge(
    {
      "projection.enabled"        = "true"
      "projection.year.type"      = "integer"
      "projection.year.range"     = "${var.years.first},${var.years.last}"
      "projection.month.type"     = "integer"
      "projection.month.range"    = "1,12"
      "projection.day.type"       = "integer"
      "projection.day.range"      = "1,31"
      "storage.location.template" = join("/", concat([local.table_location], [for column in local.partition_columns : "${column.name}=$${${column.name}}"]))
    },
    length(var.event_types) == 0 ? {
      "projection.domain_event_type.type" = "injected"
      } : {
      "projection.domain_event_type.type"   = "enum"
      "projection.domain_event_type.values" = join(",", var.event_types)
    },
  )

  # A table without projection has its partitions from the function.
  table_parameters = merge({ EXTERNAL = "TRUE", classification = "parquet" }, var.catalog == "projection" ? local.projection : {})

  database_name = coalesce(var.database_name, replace(var.name, "-", "_"))

  # Rights to a table are asked for with those to its database and to the catalog.
  table_arns = [
    "${local.arn_prefixes.glue}:catalog",
    "${local.arn_prefixes.glue}:database/${local.database_name}",
    "${local.arn_prefixes.glue}:table/${local.database_name}/${var.table_name}",
  ]

  parquet = {
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
    serde         = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
  }

  glue_table = one(concat(aws_glue_catalog_table.events, aws_glue_catalog_table.registered))
}

resource "aws_glue_catalog_database" "events" {
  count = var.catalog == "none" ? 0 : 1

  name        = local.database_name
  description = "Events, one row each."
  tags        = var.tags
}

resource "aws_glue_catalog_table" "events" {
  count = var.catalog == "projection" ? 1 : 0

  name          = var.table_name
  database_name = aws_glue_catalog_database.events[0].name
  description   = "Events without duplicates, by domain, type and day in UTC."
  table_type    = "EXTERNAL_TABLE"
  parameters    = local.table_parameters

  storage_descriptor {
    location      = "${local.table_location}/"
    input_format  = local.parquet.input_format
    output_format = local.parquet.output_format

    ser_de_info {
      name                  = "parquet"
      serialization_library = local.parquet.serde
    }

    dynamic "columns" {
      for_each = local.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }

  dynamic "partition_keys" {
    for_each = local.partition_columns

    content {
      name = partition_keys.value.name
      type = partition_keys.value.type
    }
  }
}

# The same table with partitions that the function registers. It is a resource of its own, because what is to be left alone
# cannot depend on a variable.
resource "aws_glue_catalog_table" "registered" {
  count = var.catalog == "partitions" ? 1 : 0

  name          = var.table_name
  database_name = aws_glue_catalog_database.events[0].name
  description   = "Events without duplicates, by domain, type and day in UTC."
  table_type    = "EXTERNAL_TABLE"
  parameters    = local.table_parameters

  storage_descriptor {
    location      = "${local.table_location}/"
    input_format  = local.parquet.input_format
    output_format = local.parquet.output_format

    ser_de_info {
      name                  = "parquet"
      serialization_library = local.parquet.serde
    }

    dynamic "columns" {
      for_each = local.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }

  dynamic "partition_keys" {
    for_each = local.partition_columns

    content {
      name = partition_keys.value.name
      type = partition_keys.value.type
    }
  }

  # Whoever changes from one to the other has the same name for both: the old one goes first.
  depends_on = [aws_glue_catalog_table.events]

  lifecycle {
    # A run notes in `events_commit` up to which commit all partitions are registered.
    ignore_changes = [parameters]
  }
}
