# What a parse has left in the stage zone for the second half of the job, as a table to look into: rows with the columns of
# the table, before anything is deduplicated. There are none while nothing is parsed and not distributed yet.
locals {
  stage_location = "s3://${local.bucket_names.stage}/events"
}

resource "aws_glue_catalog_table" "stage" {
  count = var.catalog == "none" ? 0 : 1

  name          = "${var.table_name}_stage"
  database_name = aws_glue_catalog_database.events[0].name
  description   = "Rows that a parse has left in the stage zone. A query names the run: `run = '…'`."
  table_type    = "EXTERNAL_TABLE"

  # Beside the rows of a run lie its keys and whatever else it has there, so each run's rows are a place of their own. Which
  # runs there are nobody can compute.
  parameters = {
    EXTERNAL                    = "TRUE"
    classification              = "parquet"
    "projection.enabled"        = "true"
    "projection.run.type"       = "injected"
    "storage.location.template" = "${local.stage_location}/run=$${run}/rows"
  }

  storage_descriptor {
    location      = "${local.stage_location}/"
    input_format  = local.parquet.input_format
    output_format = local.parquet.output_format

    ser_de_info {
      name                  = "parquet"
      serialization_library = local.parquet.serde
    }

    # Rows of the stage are files of the table without the order and the filters: the core's module `run/exchange/stage.rs`.
    dynamic "columns" {
      for_each = local.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }

  partition_keys {
    name = "run"
    type = "string"
  }
}
