internal import Architecture
internal import Calibration
internal import Models
internal import Progress
internal import Quantization
internal import Sensitivity
internal import Verification

/// Climbs the rungs of an int8 conversion until the bounds hold. What takes long is computed once.
struct Ladder {
  private let request: ConversionRequest
  private var calibrated: StoragePlan?
  private var choosing: Duration?
  private var sensitivities: [ParameterName: Sensitivity]?
  private var costs: [Tower: [MatrixCosts]] = [:]
  private var reference: ReferenceOutputs?
  /// The forms of each tower that needs wider ones.
  private var choices: [Tower: BudgetedChoice] = [:]

  init(_ request: ConversionRequest) { self.request = request }

  mutating func climb() throws(ConversionError) -> ConvertedBundle {
    var missed: [Report] = []
    for rung in request.recipe == nil ? request.effort.rungs : [.recipe] {
      while let plan = try plan(rung, after: missed) {
        try request.checkSize(of: plan)
        if !missed.isEmpty { request.onRung?(rung, missed, plan.summary(request)) }
        switch try Conversion.attempt(plan, request, &reference) {
        case .reached(let bundle): return finished(bundle, plan)
        case .missed(let reports): missed = reports
        }
        // Tensors that are not the source's, for example, are no matter of precision.
        guard !request.excess(missed).isEmpty else { throw .belowDemand(missed, request.precision) }
        guard rung == .mixed else { break }
      }
    }
    throw .belowDemand(missed, request.precision)
  }

  private func finished(_ bundle: ConvertedBundle, _ plan: StoragePlan) -> ConvertedBundle {
    var bundle = bundle
    let recipe = Recipe(request, plan, sensitivities ?? [:])
    bundle.recipe = recipe
    if let choosing, recipe.isCalibrated {
      let set = request.calibration
      bundle.rounding = Rounding(
        set: set.id, images: set.images.count, texts: set.texts.count, choosing: choosing)
    }
    return bundle
  }
}

// The plan of each rung.
extension Ladder {
  /// Nil if the rung has nothing more to try.
  private mutating func plan(_ rung: Rung, after missed: [Report]) throws(ConversionError) -> StoragePlan? {
    var plan: StoragePlan
    switch rung {
    case .nearest: plan = StoragePlan()
    case .calibrated: plan = try calibratedPlan()
    case .mixed:
      plan = try calibratedPlan()
      guard try choose(for: plan, after: missed) else { return nil }
      for choice in choices.values {
        plan.halves.formUnion(choice.forms.halves)
        plan.wideInputs.formUnion(choice.forms.wideInputs)
      }
      // FP16 alone is another precision, and smaller without scales and exponents.
      guard request.matrices.contains(where: { !plan.halves.contains($0.name) }) else { return nil }
    case .recipe: plan = try recipePlan()
    }
    plan.keepHalves(request.keptHalves)
    return plan
  }

  private mutating func calibratedPlan() throws(ConversionError) -> StoragePlan {
    if let calibrated { return calibrated }
    let clock = ContinuousClock()
    let started = clock.now
    let set = request.calibration
    request.progress.expect(steps: 1 + Conversion.stepCount(request, hasReference: reference != nil))
    var calibration = Calibration(model: request.model, set: set, towers: request.architecture)
    calibration.threads = request.threads
    calibration.progress = request.progress
    var plan = StoragePlan()
    plan.calibration = set.id
    do throws(VerificationError) { plan.rounding = try calibration.plan() } catch {
      throw .verification(error)
    }
    choosing = started.duration(to: clock.now)
    calibrated = plan
    return plan
  }

  private mutating func recipePlan() throws(ConversionError) -> StoragePlan {
    guard let recipe = request.recipe else { return StoragePlan() }
    do throws(RecipeFault) { try recipe.check(request) } catch { throw .recipe(error) }
    return recipe.plan(rounding: recipe.isCalibrated ? try calibratedPlan() : StoragePlan())
  }

  /// Chooses forms for the towers that missed a bound; for all towers, if nothing was attempted before.
  ///
  /// - Returns: whether there is something new to try.
  private mutating func choose(
    for plan: StoragePlan, after missed: [Report]
  ) throws(ConversionError) -> Bool {
    let costs = try costs(of: plan.rounding)
    var isNew = missed.isEmpty
    let excess = request.excess(missed)
    for tower in Tower.allCases where missed.isEmpty || excess[tower] != nil {
      guard let bounds = request.allowedErrors(tower), let matrices = costs[tower] else { continue }
      if missed.isEmpty {
        choices[tower] = BudgetedChoice(matrices, bounds)
      } else if let next = (choices[tower] ?? BudgetedChoice(matrices)).stricter(
        matrices, bounds, excess: excess[tower] ?? [:])
      {
        choices[tower] = next
        isNew = true
      }
    }
    return isNew
  }

  /// Of the matrices of each tower.
  private mutating func costs(of rounding: RoundingPlan) throws(ConversionError) -> [Tower: [MatrixCosts]] {
    let sensitivities = try sensitivities(of: rounding)
    if costs.isEmpty {
      let addedBytes = request.addedBytes
      for matrix in request.matrices {
        guard let tower = matrix.tower, let sensitivity = sensitivities[matrix.name] else { continue }
        costs[tower, default: []].append(
          MatrixCosts(
            matrix.name, sensitivity, addedBytes: addedBytes[matrix.name] ?? 0,
            isForced: request.keptHalves.contains(matrix.name)))
      }
    }
    return costs
  }

  private mutating func sensitivities(
    of rounding: RoundingPlan
  ) throws(ConversionError) -> [ParameterName: Sensitivity] {
    if let sensitivities { return sensitivities }
    request.progress.expect(
      steps: Sensitivities.stepCount(request.architecture)
        + Conversion.stepCount(request, hasReference: reference != nil))
    var measurement = Sensitivities(
      model: request.model, set: .sensitivity(for: request.architecture), towers: request.architecture,
      plan: rounding)
    measurement.threads = request.threads
    measurement.progress = request.progress
    do throws(VerificationError) {
      let measured = try measurement.measure()
      sensitivities = measured
      return measured
    } catch { throw .verification(error) }
  }
}
