"""The accuracy of implicit derivatives of Gamma samples."""
