"""Files from servers, and bundles from folders of them: resumed, verified, whole or not at all."""
