'use strict';

// In its ConfigMap the file itself lies here.
module.exports = require('../cleanup/kubernetes.js');
