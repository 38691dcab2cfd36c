terraform {
  required_version = ">= 1.9"

  required_providers {
    # Tried with 5.100.0 only; 6 changes what resources take.
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6"
    }
  }
}
